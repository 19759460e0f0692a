"""The words exports are written in, in the languages their tools speak. One word of a list is as
good as another, but the names of columns stand in the order of preference. Compared without case
and accents.
"""

from hourtab.core.amounts import HOUR, MINUTE
from hourtab.lib.text import folded

NAMES: dict[str, str] = {
    "date": """
        date | day | work date | spent date | date worked | spent at | worked on | date of work | entry date | log date | timesheet date
        | activity date | service date | time entry date | local date | work day | start date | date start | date started | started on | whe | date from | from date
        datum | tag | arbeitstag | leistungsdatum | buchungsdatum | arbeitsdatum | startdatum | beginndatum | anfangsdatum | datum von
        date de travail | date du travail | jour | date de debut | date debut
        fecha | dia | fecha de trabajo | fecha de inicio | fecha inicio | fecha inicial
        data | data do trabalho | data de inicio | data inicial | data inicio | data de inicio do trabalho
        giorno | data di lavoro | data di inizio | data inizio | data iniziale
        dag | werkdatum | begindatum | datum start | boekdatum
        data rozpoczecia | dzien | datum start | dato | startdato""",
    "start": """
        start | start time | begin | begin time | started at | time start | started | from | start date/time | start datetime | startdatetime
        | start date time | time started | clock in | time in | start text | start timestamp | date start time | local start time | from time | start at | in
        beginn | startzeit | anfang | anfangszeit | von | start-zeit | beginnzeit | uhrzeit von | start uhrzeit
        debut | heure de debut | heure debut | de
        inicio | hora de inicio | hora inicio | hora inicial | desde
        hora de comeco | comeco
        inizio | ora di inizio | ora inizio | dalle | da | orario di inizio
        begintijd | starttijd | van | aanvang
        godzina rozpoczecia | czas rozpoczecia | starttid""",
    "end": """
        end | end time | finish | finish time | ended at | time end | ended | to | until | stop | stop time | end date/time | end datetime | enddatetime
        | end date time | time ended | time finished | clock out | time out | stop text | end timestamp | local end time | to time | end at | out
        ende | endzeit | endezeit | bis | end-zeit | uhrzeit bis
        fin | heure de fin | heure fin | a
        hora de fin | hora fin | hora final | hora de finalizacion | hasta
        fim | hora de fim | hora de termino | hora final | termino | ate
        fine | ora di fine | ora fine | alle | orario di fine
        eindtijd | tot | einde | eind
        godzina zakonczenia | czas zakonczenia | sluttid""",
    "end_date": """
        end date | stop date | date end | date ended | ended on | end day | date to | to date
        enddatum | datum bis
        date de fin | date fin
        fecha de fin | fecha de finalizacion | fecha fin | fecha final
        data de termino | data final | data de fim
        data di fine | data fine | data finale
        einddatum | datum eind
        data zakonczenia | slutdatum""",
    "duration": """
        duration | registered time | time spent | time worked | total time | tracked time | worked time | logged time | duration h:m | hh:mm | h:mm | time hh:mm
        | hours | total hours | logged hours | hours worked | hours actual | actual hours | work hours | worked hours | hours spent | tracked hours
        | time taken | timetaken | hrs | timespent | time | decimal hours | hours decimal | minutes | duration m | minutes spent | mins | seconds
        | time spent seconds | timespentseconds | total worked | duration hours | duration minutes | duration seconds | total duration
        time tracked text | time tracked | logged | effort | man hours | labor hours | labour hours
        dauer | arbeitszeit | zeit | stunden | std | dauer in stunden | erfasste zeit | erfasste stunden | geleistete stunden | arbeitsstunden | ist-stunden | iststunden | dauer in h | zeit in h | zeit in stunden | stunden dezimal | minuten | sekunden | anzahl stunden | aufwand | gesamtdauer
        duree | temps | temps passe | heures | nombre d'heures | nombre heures | nb heures | nb d'heures | heures travaillees | duree totale | secondes
        duracion | tiempo | tiempo dedicado | horas | minutos | segundos | duracion total | horas trabajadas | cantidad de horas
        duracao | tempo | tempo gasto | horas trabalhadas | duracao total
        durata | tempo impiegato | ore | minuti | secondi | durata totale | ore lavorate
        duur | tijd | uren | aantal uren | gewerkte uren | gewerkte tijd | totale duur | tijdsduur | seconden
        czas trwania | godziny | timmar | timer | varighet | tid""",
    "rounded": """
        hours rounded | rounded hours | rounded duration | duration rounded | rounded time | time rounded | duration rounded up
        gerundete stunden | stunden gerundet | gerundete dauer | dauer gerundet
        heures arrondies | duree arrondie | horas redondeadas | duracion redondeada | horas arredondadas | duracao arredondada
        ore arrotondate | durata arrotondata | afgeronde uren | uren afgerond | afgeronde duur""",
    "billed": """
        billable hours | billable hrs | bill hrs | bill hours | hours billable | hours to bill | hourstobill | billed hours | hours billed | invoiced hours | inv hours
        | app hrs | chargeable hours | charge hours | actionchargehours | action charge hours | actionprepayhours | action prepay hours | billable time | billable duration | billed time
        | inv hrs | invoice hours | agreement hours | covered hours | billable minutes
        abrechenbare stunden | verrechenbare stunden | abgerechnete stunden | fakturierte stunden | fakturierbare stunden | abrechenbare zeit | abrechenbare dauer
        heures facturables | heures facturees | temps facturable | duree facturable
        horas facturables | horas facturadas | tiempo facturable
        horas faturaveis | horas faturadas | horas cobraveis | tempo faturavel
        ore fatturabili | ore fatturate | tempo fatturabile
        factureerbare uren | declarabele uren | gefactureerde uren | facturabele uren""",
    "pause": """break | break time | breaks | break minutes | pause | pausen | pausa | pauze | rust""",
    "weekday": """weekday | day of week | day of the week | local day | day name | wochentag | jour de la semaine | dia de la semana | dia da semana
        | giorno della settimana | dag van de week | weekdag""",
    "other_date": """date of creation | created | created at | created on | created | creation date | entry created at | entry updated at | updated at | invoice date | erstellt am | erstellungsdatum
        | date de creation | fecha de creacion | data de criacao | data di creazione | aanmaakdatum | modified at | last modified""",
    "client": """
        client | client name | customer | customer name | company | company name | account customer | group/client | organisation | organization | account name | account
        | customer/company | client/company | aareadesc | area | client/customer | end client
        kunde | kundenname | kundin | auftraggeber | mandant | firma | kunden | kunde/firma
        nom du client | clients | societe | entreprise
        cliente | nombre del cliente | nombre de cliente | empresa
        nome do cliente | nome cliente | cliente/azienda | azienda
        klant | klantnaam | opdrachtgever | relatie | bedrijf
        klient | kund | kunde navn""",
    "project": """
        project | project name | project title | job | job name | jobcode | matter | engagement | jobcode 2 | service code | board | project/job
        projekt | projektname | projektbezeichnung | auftrag
        projet | nom du projet | dossier
        proyecto | nombre del proyecto | nombre de proyecto
        projeto | nome do projeto
        progetto | nome progetto | nome del progetto | commessa
        projectnaam | projekt navn | prosjekt""",
    "task": """
        task | task name | activity | activity name | service | service name | service item | work type | type of work | issue summary | ticket summary | sr summary | ticket title
        | task/issue | subject | symptom | summary | labor type | task list | tasklist | billing code | billingcode | work role | work package | work item | story | issue | ticket | issue key | ticket number | ticket #
        aufgabe | tatigkeit | leistung | leistungsart | aktivitat | taetigkeit | vorgang | unteraufgabe
        tache | activite | prestation | nom de la tache
        tarea | actividad | servicio | nombre de la tarea
        tarefa | atividade | servico | nome da tarefa
        attivita | compito | servizio | nome attivita
        taak | activiteit | werkzaamheid | uursoort | dienst | taaknaam | werksoort
        zadanie | uppgift | opgave | aktivitet""",
    "description": """
        description | notes | note | time entry | time entry description | work description | entry description | comment | comments | summary notes | summarynotes | memo | details
        | title | work performed | work done | what | entry | text | remarks | remark | worklog | narrative | time entry notes | activity description | labor notes | log
        beschreibung | notizen | notiz | kommentar | bemerkung | bemerkungen | anmerkung | anmerkungen | leistungsbeschreibung | tatigkeitsbeschreibung | titel | inhalt
        commentaire | commentaires | remarque | remarques | libelle | titre
        descripcion | notas | nota | comentario | comentarios | observaciones | titulo
        descricao | observacoes | observacao | anotacoes
        descrizione | commento | commenti | annotazioni | titolo
        beschrijving | omschrijving | notitie | notities | opmerking | opmerkingen | toelichting
        opis | beskrivning | beskrivelse | kommentarer | anteckningar""",
    "person": """
        user | user name | member | team member | member name | person | employee | employee name | full name | fullname | staff | staff name | staff member | resource | resource name
        | username | assignee | logged by | worker | consultant | technician | tech | agent | agent name | who | worked by | name | display name | author | teammate | contractor | created by
        benutzer | mitarbeiter | mitarbeiterin | mitarbeitername | benutzername | bearbeiter | nutzer | person
        utilisateur | collaborateur | employe | intervenant | membre | personne | nom d'utilisateur
        usuario | empleado | persona | miembro | colaborador | nombre de usuario
        usuario | membro | funcionario | pessoa | utilizador
        utente | dipendente | collaboratore | membro | risorsa
        gebruiker | medewerker | persoon | naam | gebruikersnaam | teamlid
        uzytkownik | anvandare | bruger | bruker | medarbejder""",
    "first_name": """first name | fname | given name | vorname | prenom | nombre | primeiro nome | nome | voornaam | imie""",
    "last_name": """last name | lname | surname | family name | nachname | nom | nom de famille | apellido | apellidos | sobrenome | apelido | cognome | achternaam | nazwisko""",
    "email": """email | e-mail | email address | user email | e-mail-adresse | mail | correo electronico | correo | e-mail adresse | adresse e-mail | courriel | e-mailadres""",
    "billable": """
        billable | billable status | is billable | bill | billing status | billing type | billable type | bill option | billable option | chargeable | task billable | invoiceable | actisbillable
        | billable/non-billable | billable yes/no | is it billable | invoice status
        abrechenbar | verrechenbar | fakturierbar | abrechnungsstatus
        facturable
        faturavel | cobravel | facturavel
        fatturabile | addebitabile
        factureerbaar | declarabel | facturabel | doorbelastbaar
        platne | fakturerbar | debiterbar | fakturerbart""",
    "not_billable": """non billable | non-billable | is non billable | isnonbillable | not billable | nicht abrechenbar | non facturable | no facturable""",
    "tags": """
        tags | tag | labels | label | tag names | keywords
        schlagworter | stichworte | schlagworte | etiquettes | etiquetas | etiqueta | marcadores | etichette | etichetta | trefwoorden | tagi | taggar""",
    "contract": """
        agreement | agreement name | contract | contract name | service agreement | prepaid block | block | agreement type | contracttype | contract type
        vertrag | vertragsname | rahmenvertrag | contrat | contrato | contratto | contract naam | overeenkomst | umowa | avtal""",
    "id": """
        time recid | timerecid | time entry id | entry id | worklog id | tempo worklog id | time id | timelog id | log id | timesheet id | record id | uid | id | external id""",
}

NEVER = frozenset(
    folded(name.strip())
    for names in (
        "internal notes | internal note | internalnotes | internal comment | internal comments | private notes | private note | internal description | internal analysis",
        "interne notizen | interne notiz | interner kommentar | notes internes | note interne | notas internas | note interne | interne notities | interne opmerking",
        "planned hours | estimated hours | estimate | budget hours | non-billable hours | non billable hours | actionnonchargehours | action non charge hours | overage rate | rate | non-billable time",
        "wip amt | inv amt | amount | billable amount | billable rate | cost | cost rate | cost amount | currency | external hours | offset hours | offsethours | unbilled hours",
    )
    for name in names.split("|")
)
"""Columns that are never read: what was written for colleagues, and amounts that are no time
worked.
"""

UNIT_OF = {
    **dict.fromkeys(
        (
            "h",
            "hour",
            "hours",
            "hrs",
            "std",
            "stunden",
            "heures",
            "horas",
            "ore",
            "uren",
            "decimal",
            "dezimal",
            "decimale",
            "decimaal",
            "dec",
            "in hours",
            "decimal hours",
            "decimal h",
            "in stunden",
        ),
        HOUR,
    ),
    **dict.fromkeys(
        ("m", "min", "mins", "minutes", "minuten", "minutos", "minuti", "in minutes", "in minuten"),
        MINUTE,
    ),
    **dict.fromkeys(
        (
            "s",
            "sec",
            "secs",
            "seconds",
            "sekunden",
            "secondes",
            "segundos",
            "secondi",
            "seconden",
            "in seconds",
            "in sekunden",
        ),
        1,
    ),
}

_BILLABLE = {
    "yes": "yes|y|true|1|1.0|x|billable|b|ja|j|oui|o|sí|si|s|sim|tak|bill|billed|unbilled|invoiced|uninvoiced|chargeable|abrechenbar|facturable|facturavel|faturável"
    "|fatturabile|factureerbaar|declarabel|wahr|vrai|verdadero|verdadeiro|vero|waar|on|paid|unpaid|open|verrechenbar",
    "no": "no|n|false|0|0.0|non-billable|non billable|nonbillable|not billable|unbillable|nein|non|não|nao|nee|nie|nb|do not bill|donotbill|not invoiceable|nicht abrechenbar"
    "|non facturable|no facturable|não faturável|non fatturabile|niet factureerbaar|falsch|faux|falso|onwaar|off|internal|nicht verrechenbar",
    "no_charge": "nc|no charge|nocharge|no-charge|n/c|free|free of charge|kostenlos|gratuit|gratis|sin cargo|sem custo|senza costi|complimentary",
}
BILLABLE_OF = {folded(word): said for said, words in _BILLABLE.items() for word in words.split("|")}
TURNED = {"yes": "no", "no": "yes"}
TOTALS = frozenset(
    folded(word)
    for word in [
        "total",
        "totals",
        "grand total",
        "sum",
        "subtotal",
        "sub-total",
        "sub total",
        "overall",
        "all",
        "gesamt",
        "summe",
        "gesamtsumme",
        "zwischensumme",
        "insgesamt",
        "gesamtergebnis",
        "total général",
        "total general",
        "sous-total",
        "suma",
        "suma total",
        "total geral",
        "soma",
        "totale",
        "subtotale",
        "totale generale",
        "somma",
        "totaal",
        "subtotaal",
        "eindtotaal",
        "razem",
        "suma częściowa",
        "summa",
        "i alt",
        "sum total",
        "day total",
        "weekly total",
        "week total",
        "total hours",
        "total time",
    ]
)
