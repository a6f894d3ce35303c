"""Pages to look at: the build's report, a patient's page, and a folder of such pages.

Charts are plain SVG with positions in percent, by template: they keep the size of their letters
at any width, need no script, and take fewer lines than a library's settings would.
"""
