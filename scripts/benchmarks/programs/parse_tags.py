"""Parses the file that it is given, and tells how many ranges it found and in how many seconds."""

import json
import sys
import time
from datetime import date
from pathlib import Path

from netcfg.sources import bundled, tag_file

path, atlas = Path(sys.argv[1]), bundled.atlas()
begun = time.perf_counter()
publication = tag_file.parse(path.read_bytes(), atlas, str(path), date(2026, 7, 1))
print(json.dumps([len(publication.edition.ranges), time.perf_counter() - begun]))
