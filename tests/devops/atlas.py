"""The atlas that ships."""

import json
from pathlib import Path

from netcfg.core.geography import parse_atlas

ATLAS = parse_atlas(json.loads((Path(__file__).parents[2] / "data/geographies.json").read_text()))
EUROPE = ATLAS.find("EU")
UNITED_STATES = ATLAS.find("US")
