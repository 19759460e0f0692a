"""Files to import, made here: workbooks and calendars of our own."""

import io
import zipfile
from collections.abc import Sequence

STYLES = """<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="h:mm"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="6"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="46" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/>
<xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="2" applyNumberFormat="1"/></cellXfs></styleSheet>"""
CONTENT_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
PACKAGE = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
PLAIN, DAY, LONG_CLOCK, MOMENT, CLOCK, HUNDREDTHS = range(6)


def cell(place: str, value: object, style: int = PLAIN, formula: str = "") -> str:
    """One cell of a sheet; `formula` with the value that was computed last."""
    inside = f"<f>{formula}</f>" if formula else ""
    if isinstance(value, str):
        return f'<c r="{place}" s="{style}" t="str">{inside}<v>{value}</v></c>'
    return f'<c r="{place}" s="{style}">{inside}<v>{value}</v></c>'


def sheet(rows: Sequence[Sequence[object]], first: int = 1) -> str:
    """A sheet of rows; a cell is a value, or a value with its style, or with its formula too."""
    lines = []
    for n, row in enumerate(rows, first):
        cells = "".join(
            cell(f"{chr(65 + i)}{n}", *(value if isinstance(value, tuple) else (value,)))
            for i, value in enumerate(row)
            if value is not None
        )
        lines.append(f'<row r="{n}">{cells}</row>')
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def workbook(*sheets: str, names: Sequence[str] = (), hidden: Sequence[int] = ()) -> bytes:
    """A workbook of these sheets."""
    names = names or [f"Sheet{n}" for n in range(1, len(sheets) + 1)]
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"{' state="hidden"' if n - 1 in hidden else ""}/>'
        for n, name in enumerate(names, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", PACKAGE)
        archive.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            f'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{listed}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'{relations}<Relationship Id="rIdS" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
        )
        archive.writestr("xl/styles.xml", STYLES)
        for n, text in enumerate(sheets, 1):
            archive.writestr(f"xl/worksheets/sheet{n}.xml", text)
    return out.getvalue()


def calendar(*events: str, name: str = "Sessions") -> bytes:
    """An iCalendar file of events, each a text of its lines."""
    body = "".join(
        f"BEGIN:VEVENT\r\n{event.strip().replace(chr(10), chr(13) + chr(10))}\r\nEND:VEVENT\r\n"
        for event in events
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nX-WR-CALNAME:{name}\r\n{body}END:VCALENDAR\r\n".encode()
