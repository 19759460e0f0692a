"""Each tool's layout, with rows of our own: recognised, read with the right columns, summed
exactly.
"""

from datetime import UTC, date, time
from zoneinfo import ZoneInfo

import pytest

from hourtab.imports.reading.lines import WorkLine
from hourtab.imports.reading.parsing import parse
from hourtab.imports.reading.readers import BY_KEY

BERLIN = ZoneInfo("Europe/Berlin")

# tool, answers, file, seconds of the file, what the first line says
LAYOUTS = [
    (
        "toggl",
        "Description,Billable,Duration,Member,Email,Client,Project,Tags,Start date,Start time,Stop date,Stop time\n"
        "Prep call,No,1:30:00,Mara,mara@x.example,Acme,Programme,onsite,2027-06-03,9:00:00 AM,2027-06-03,10:30:00 AM\n"
        "Notes,Yes,0:15:30,Mara,mara@x.example,Acme,Programme,,2027-06-04,11:00:00 PM,2027-06-04,11:15:30 PM\n",
        5400 + 930,
        {
            "started": time(9),
            "client": "Acme",
            "project": "Programme",
            "description": "Prep call",
            "person": "Mara",
            "billable": "no",
            "tags": "onsite",
        },
    ),
    (
        "clockify",
        '"Projekt";"Kunde";"Beschreibung";"Aufgabe";"Benutzer";"Gruppe";"E-Mail";"Tags";"Abrechenbar";"Startdatum";"Startzeit";"Enddatum";"Endzeit";"Dauer (h)";"Dauer (dezimal)"\n'
        '"Umzug";"Größer GmbH";"Büro geplant";"";"Jörg";"";"j@x.example";"";"Ja";"03.06.2027";"09:00:00";"03.06.2027";"10:30:00";"01:30:00";"1,50"\n',
        5400,
        {
            "on": date(2027, 6, 3),
            "client": "Größer GmbH",
            "project": "Umzug",
            "description": "Büro geplant",
            "person": "Jörg",
            "billable": "yes",
        },
    ),
    (
        "clockify",
        "Projet,Client,Description,Tâche,Utilisateur,E-mail,Étiquettes,Facturable,Date de début,Heure de début,Date de fin,Heure de fin,Durée (h),Durée (décimale)\n"
        'Audit,Acme,Réunion,,Zoé,z@x.example,,Non,2027-06-03,14:00:00,2027-06-03,15:30:00,01:30:00,"1,50"\n',
        5400,
        {"description": "Réunion", "person": "Zoé", "billable": "no", "started": time(14)},
    ),
    (
        "clockify",
        "Proyecto,Cliente,Descripción,Tarea,Usuario,Grupo,Correo electrónico,Etiquetas,Facturable,Fecha de inicio,Hora de inicio,Fecha de finalización,Hora de finalización,Duración (h),Duración (decimal)\n"
        "Plan,Acme,Sesión,,Ana,,a@x.example,,Sí,23/06/2027,9:00:00,23/06/2027,10:30:00,01:30:00,1.50\n",
        5400,
        {
            "on": date(2027, 6, 23),
            "client": "Acme",
            "description": "Sesión",
            "person": "Ana",
            "billable": "yes",
        },
    ),
    (
        "clockify",
        "Projeto,Cliente,Descrição,Tarefa,Usuário,Email,Etiquetas,Faturável,Data de início,Hora de início,Data de término,Hora de término,Duração (h),Duração (decimal)\n"
        'Plano,Acme,Reunião,,Rui,r@x.example,,Sim,2027-06-23,09:00:00,2027-06-23,10:30:00,01:30:00,"1,50"\n',
        5400,
        {"description": "Reunião", "person": "Rui", "billable": "yes"},
    ),
    (
        "clockify",
        "Progetto,Cliente,Descrizione,Attività,Utente,Email,Etichette,Fatturabile,Data di inizio,Ora di inizio,Data di fine,Ora di fine,Durata (h),Durata (decimale)\n"
        "Piano,Acme,Riunione,,Ida,i@x.example,,Sì,2027-06-23,09:00:00,2027-06-23,10:30:00,01:30:00,1.50\n",
        5400,
        {"description": "Riunione", "person": "Ida", "billable": "yes"},
    ),
    (
        "clockify",
        "Project,Klant,Beschrijving,Taak,Gebruiker,E-mail,Tags,Factureerbaar,Startdatum,Starttijd,Einddatum,Eindtijd,Duur (h),Duur (decimaal)\n"
        'Plan,Acme,Overleg,,Bas,b@x.example,,Ja,23-06-2027,09:00:00,23-06-2027,10:30:00,01:30:00,"1,50"\n',
        5400,
        {"description": "Overleg", "person": "Bas", "billable": "yes", "on": date(2027, 6, 23)},
    ),
    (
        "toggl",
        "Benutzer,E-Mail,Kunde,Projekt,Aufgabe,Beschreibung,Abrechenbar,Startdatum,Startzeit,Enddatum,Endzeit,Dauer,Tags,Betrag (EUR)\n"
        "Jo,j@x.example,Acme,P,,Anruf,Nein,2027-06-03,09:00:00,2027-06-03,10:30:00,01:30:00,,\n",
        5400,
        {"description": "Anruf", "billable": "no", "started": time(9), "person": "Jo"},
    ),
    (
        "harvest",
        "Datum;Kunde;Projekt;Projektcode;Aufgabe;Notizen;Stunden;Abrechenbar?;Vorname;Nachname\n"
        "03.06.2027;Acme;Programm;;Beratung;Vorbereitung;1,25;Ja;Jo;Roth\n",
        4500,
        {"task": "Beratung", "description": "Vorbereitung", "person": "Jo Roth", "billable": "yes"},
    ),
    (
        "connectwise",
        "Member,Date,Work Role,Work Type,Bill Hrs,Rate,Bill,App Hrs,Month / Year,Invoice Nbr,Service ID,Overage Rate\n"
        "JRoth,6/3/2027,Engineer,Remote,1.25,0.00,B,1.25,6/2027,,4411,\n"
        "JRoth,6/14/2027,Engineer,Remote,0.50,0.00,NC,0.50,6/2027,,4412,\n",
        6300,
        {"on": date(2027, 6, 3), "person": "JRoth", "task": "Remote", "billable": "yes"},
    ),
    (
        "connectwise",
        "#TYPE Selected.System.Management.Automation.PSCustomObject\n"
        '"Time_RecID","Date_Start","time_start","time_end","hours_actual","Billable_Hrs","sr_summary","Notes","Internal_Notes","Company_Name","Agreement"\n'
        '"9001","06/15/2027 00:00","9:00 AM","10:30 AM","1.50","1.50","VPN down","Reset the tunnel","he is rude","Acme","Gold block"\n',
        5400,
        {
            "ref": "9001",
            "started": time(9),
            "description": "Reset the tunnel",
            "task": "VPN down",
            "client": "Acme",
            "contract": "Gold block",
        },
    ),
    (
        "autotask",
        "ticketnumber,startdatetime,enddatetime,summarynotes,internalnotes,hoursworked,isnonbillable,resource,account,contract\n"
        "T20270603.0024,2027-06-03 09:00,2027-06-03 10:30,Mail restored,secret,1.5,1,Jo,Acme,Block 2027\n",
        5400,
        {
            "started": time(9),
            "description": "Mail restored",
            "billable": "no",
            "client": "Acme",
            "contract": "Block 2027",
        },
    ),
    (
        "halopsa",
        "faultid,actionnumber,Whe_,who,timetaken,note,aareadesc,symptom,actisbillable\n"
        '101,2,2027-06-03 09:15:00,Jo,0.75,"<p>Printer&nbsp;fixed<br>and tested</p>",Acme,Printer,true\n',
        2700,
        {
            "started": time(9, 15),
            "description": "Printer fixed\nand tested",
            "client": "Acme",
            "task": "Printer",
            "person": "Jo",
        },
    ),
    (
        "kimai",
        '"Datum","Von","Bis","Dauer","Preis","Interner Preis","Benutzer","Name","Kunde","Projekt","Tätigkeit","Beschreibung","Exportiert","Abrechenbar","Schlagworte"\n'
        '"2027-06-03","09:00","10:30","5400","0","0","jo","Jo Roth","Acme","Umzug","Planung","Gebäude","Nein","Ja","x"\n',
        5400,
        {"client": "Acme", "task": "Planung", "description": "Gebäude", "person": "Jo Roth"},
    ),
    (
        "kimai",
        '"Date","From","To","Duration","Rate","Internal rate","User","Name","Customer","Project","Activity","Description","Exported","Billable","Tags"\n'
        '"2027-06-03","09:00","10:30","1:30","0","0","jo","Jo","Acme","Move","Plan","Rooms","No","Yes",""\n',
        5400,
        {"task": "Plan", "description": "Rooms"},
    ),
    (
        "solidtime",
        "description,billable,client,project,tags,start,end,task,user_name,user_email\n"
        "Late call,true,Acme,P,,2027-06-03T22:30:00Z,2027-06-04T00:00:00Z,,Jo,jo@x.example\n",
        5400,
        {"on": date(2027, 6, 4), "started": time(0, 30), "description": "Late call"},
    ),
    (
        "everhour",
        "Date,Member,Client,Project,Task,Task Number,Time,Comment\n2027-06-03,Jo,Acme,P,Design,#12,1:30,Sketches\n",
        5400,
        {"description": "Sketches", "task": "Design", "person": "Jo"},
    ),
    (
        "timecamp",
        "Day,User,Project,Task,Note,Start time,End time,Time (hh:mm),Time (hours)\n2027-06-03,Jo,P,Design,Sketches,09:00,10:30,01:30,1.50\n",
        5400,
        {"description": "Sketches", "task": "Design", "started": time(9)},
    ),
    (
        "hubstaff",
        "Date,Client,Project,Member,Task,Time,Activity,Spent,Currency,Notes\n2027-06-03,Acme,P,Jo,Design,1:30:00,56%,0,USD,Sketches\n",
        5400,
        {"task": "Design", "description": "Sketches"},
    ),
    (
        "hubstaff",
        "Client,Project,Member,Task,2027-06-01,2027-06-02,2027-06-03,Total worked\n"
        "Acme,P,Jo,Design,1:30:00,,0:30:00,2:00:00\nAcme,P,Mia,Design,,0:10:00,0:00:00,0:10:00\nTotal,,,,1:30:00,0:10:00,0:30:00,2:10:00\n",
        7800,
        {"on": date(2027, 6, 1), "task": "Design", "person": "Jo"},
    ),
    (
        "quickbooks_time",
        "username,payroll_id,fname,lname,number,group,local_date,local_day,local_start_time,local_end_time,tz,hours,jobcode_1,jobcode_2,location,notes\n"
        "jroth,,Jo,Roth,1,,2027-06-03,Thu,2027-06-03 09:00:00,2027-06-03 10:30:00,-5,1.50,Acme,Office move,,Boxes\n",
        5400,
        {
            "client": "Acme",
            "project": "Office move",
            "person": "Jo Roth",
            "started": time(9),
            "description": "Boxes",
        },
    ),
    (
        "freshbooks",
        "Date,Client,Project,Service,Team Member,Notes,Hours,Status\n06/15/2027,Acme,P,Coaching,Jo,Session 3,1.50,Unbilled\n",
        5400,
        {"task": "Coaching", "description": "Session 3", "on": date(2027, 6, 15)},
    ),
    (
        "paymo",
        "Client,Project,Task List,Task,User,Start Time,End Time,Duration (hours),Notes\nAcme,P,Backlog,Design,Jo,2027-06-03 09:00,2027-06-03 10:30,1.5,Sketches\n",
        5400,
        {"task": "Design", "started": time(9), "description": "Sketches"},
    ),
    (
        "timely",
        "Client,Project,Date,Name,Email,Logged Hours,Planned Hours,Tags,Billed,Notes,From,To,External ID\nAcme,P,13/06/2027,Jo,jo@x.example,0.25,3.0,,No,Mail,09:00,09:15,77\n",
        900,
        {"description": "Mail", "person": "Jo", "started": time(9)},
    ),
    (
        "tmetric",
        "Day,User,Time Entry,Project,Project Code,Client,Tags,Work Type,Start Time,End Time,Duration,Billable Amount,Billable Currency\n"
        "2027-06-03,Jo,Sketches,P,P-1,Acme,,Design,09:00,09:20,0.50,,\n",
        1800,
        {"description": "Sketches", "task": "Design", "project": "P"},
    ),
    (
        "tempo",
        "Issue Key,Issue summary,Hours,Work date,Username,Full name,Account Name,Account Customer,Activity Name,Project Name,Work Description,Billed Hours\n"
        "AC-1,Login broken,1.5,2027-06-03 09:00,jr,Jo Roth,Support 2027,Acme,,Portal,Token renewed,1.5\n",
        5400,
        {
            "client": "Acme",
            "project": "Portal",
            "task": "Login broken",
            "description": "Token renewed",
            "person": "Jo Roth",
            "contract": "Support 2027",
        },
    ),
    (
        "tick",
        "Id,Client,Project ID,Project,Project Owner,Project Budget,Task ID,Task,Task Budget,Task Billable,Date,User,Hours,Rate,Total,Email,Notes,Entry Created At\n"
        "55,Acme,1,P,jo@x.example,50.0,9,Design,20.0,0,2027-06-03,Jo,1.5,80,120,jo@x.example,Sketches,2027-06-03 10:30:40 -0400\n",
        5400,
        {"billable": "no", "description": "Sketches", "ref": "55"},
    ),
    (
        "noko",
        "Date,Person,Teams,Email,Group/Client,Project,Minutes,Hours,Tags,Description,Billable,Invoiced\n2027-06-03,Jo,,jo@x.example,Acme,P,5,0.0833,,Mail #admin,yes,no\n",
        300,
        {"client": "Acme", "description": "Mail #admin"},
    ),
    (
        "timr",
        "Id,Benutzer,Personalnummer,Organisation,Typ,Notizen,Start,Ende,Manuell geändert,Dauer,Pause,Status\n"
        '9,"Jo R.",,,Projektzeit,"Angebot",18.06.2027 09:00,18.06.2027 10:37,false,"1,37",15,Änderbar\n',
        4932,
        {"on": date(2027, 6, 18), "started": time(9), "description": "Angebot"},
    ),
    (
        "timing",
        '"Day","Project","Title","Start Date","End Date","Duration","Notes"\n"2027-06-03","P","Sketches","2027-06-03 09:00:00","2027-06-03 10:30:00","1:30:00","mine"\n',
        5400,
        {"description": "Sketches", "started": time(9), "project": "P"},
    ),
    (
        "timechimp",
        "Datum;Medewerker;Klant;Project;Uursoort;Notities;Start;Einde;Pauze;Uren;Declarabel\n13-06-2027;Bas;Acme;P;Advies;Overleg;09:00;10:30;;1,50;Ja\n",
        5400,
        {"task": "Advies", "description": "Overleg", "billable": "yes"},
    ),
    (
        "zoho",
        "Project Name,Notes,Email,Task Name,Time Spent,Begin Time,End Time,Date,Billable Status\nP,Sketches,jo.roth@x.example,Design,01:30,09:00,10:30,2027-06-03,Non Billable\n",
        5400,
        {"billable": "no", "person": "jo.roth", "task": "Design"},
    ),
    (
        "syncro",
        "Ticket Number,Customer,Technician,Labor Type,Start,End,Minutes,Notes,Billable\n812,Acme,Jo,Remote,2027-06-03 09:00,2027-06-03 10:30,90,Cables,true\n",
        5400,
        {"client": "Acme", "description": "Cables", "task": "Remote", "person": "Jo"},
    ),
    (
        "other",
        "Wann;Wofür;Von;Bis\n03.06.2027;Anruf;09:00;10:30\n".replace("Wann", "Datum").replace(
            "Wofür", "Beschreibung"
        ),
        5400,
        {"description": "Anruf", "started": time(9)},
    ),
    (
        "other",
        "Date,Date/time,Who,Description,Project,Task list,Task,Is it Billable?,Hours,Minutes,Decimal Hours\n14/06/2027,14/06/2027 09:00,Jo,Call,P,L,T,1,1,30,1.50\n",
        5400,
        {"description": "Call", "billable": "yes", "person": "Jo"},
    ),
    (
        "other",
        'Username,Description,Billable,Start Text,Stop Text,Time Tracked Text\nJo,Call,true,"06/22/2027, 9:00:00 AM EST","06/22/2027, 10:30:00 AM EST",1h 30m\n',
        5400,
        {"on": date(2027, 6, 22), "started": time(9)},
    ),
    (
        "other",
        "Kunde;Projekt;Leistung;Mitarbeiter;Beschreibung;Startzeit;Endzeit;Dauer\nAcme;P;Beratung;Jo;Anruf;22.06.2027 09:00;22.06.2027 10:30;01:30\n",
        5400,
        {"on": date(2027, 6, 22), "started": time(9), "task": "Beratung"},
    ),
    (
        "tempo",
        "Issue,Key,Logged,Date,User,Description\nLogin,A-1,1h 30m,22/Jun/27,Jo,Renewed\n",
        5400,
        {"on": date(2027, 6, 22), "task": "Login", "description": "Renewed"},
    ),
]


@pytest.mark.parametrize(
    ("tool", "text", "seconds", "first"),
    LAYOUTS,
    ids=[f"{row[0]}-{i}" for i, row in enumerate(LAYOUTS)],
)
def test_a_tools_report_is_recognised_and_read(tool, text, seconds, first) -> None:
    parsed = parse(text.encode(), "report.csv", {}, zone=BERLIN)
    assert (parsed.tool.key, parsed.seconds) == (tool, seconds)
    line: WorkLine = parsed.lines[0]
    assert {name: getattr(line, name) for name in first} == first


def test_every_tool_has_a_layout_here_and_says_how_to_export() -> None:
    assert set(BY_KEY) - {"calendar", "hourtab"} <= {row[0] for row in LAYOUTS}
    assert all(tool.how_to_export for tool in BY_KEY.values())


def test_the_zone_decides_the_day_of_an_instant() -> None:
    text = b"description,start,end,user_name,user_email\nLate,2027-06-03T22:30:00Z,2027-06-04T00:00:00Z,Jo,\n"
    assert parse(text, "x.csv", {}, zone=UTC).lines[0].on == date(2027, 6, 3)
    assert parse(text, "x.csv", {}, zone=BERLIN).lines[0].on == date(2027, 6, 4)
