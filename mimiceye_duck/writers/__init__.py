"""Files that are written whole: CSV, manifest, pages, folders of exports."""
