"""Bounds: how much of other people's files is read at once, whatever a file says of itself.

Each is far beyond what the datasets have, and small enough that memory holds it many times.
"""

# A report, in bytes: a long one has some thousand characters.
REPORT = 1 << 20
# The names and attributes that stand before a member of a tar, in bytes: systems allow paths
# of 4 kB.
TAR_HEADER = 1 << 16
# The list of a zip's members, in bytes, and their number: MIMIC-CXR has 228,000 reports in
# 65,000 folders, some 100 bytes each. zipfile needs half a kilobyte for each.
ZIP_LIST = 96 << 20
ZIP_MEMBERS = 800_000
# A table's first line, in characters: the widest has 60 columns.
FIRST_LINE = 1 << 20
# A transcript or another file of text in a set, in bytes: a dictation has some thousand
# characters, and DuckDB takes no JSON object of more than 16 MB.
SET_TEXT = 16_000_000
# A picture's rows times columns: MIMIC-CXR's largest are about 4,300 times 4,300, half of this.
PIXELS = 40_000_000
# A DICOM file that is decoded, in bytes: no more than four for each of so many pixels.
DICOM_FILE = 4 * PIXELS
# An element of a DICOM header, and all within its sequences, in bytes, and how many elements
# there are: a VOI LUT has some hundred kilobytes, a header of MIMIC-CXR some hundred elements.
DICOM_HEADER = 1 << 20
DICOM_ELEMENTS = 50_000
# A line of a list of checksums, in bytes.
CHECKSUM_LINE = 1 << 13
