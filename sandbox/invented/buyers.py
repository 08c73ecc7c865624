"""Buyers who never lived, with the accents that real ones have."""

import random
from typing import Any

_FIRST = (
    "Zoë",
    "Seán",
    "François",
    "Łukasz",
    "Åsa",
    "Jürgen",
    "Inés",
    "Noémie",
    "Ciarán",
    "Beyza",
    "Ana",
    "Tom",
    "Ruth",
)
_LAST = ("Müller", "O'Brien", "Núñez", "Lefèvre", "Øster", "Dvořák", "Åkesson", "Smith", "Jones", "Rossi", "García")
_STREETS = ("High Street", "Rue de la Paix", "Hauptstraße", "Via Roma", "Calle Mayor", "Storgatan", "Kerkstraat")
PLACES = {
    "GBR": ("United Kingdom", (("Leeds", "LS1 4AP"), ("Bristol", "BS1 5TR"), ("Glasgow", "G1 1XQ"))),
    "FRA": ("France", (("Orléans", "45000"), ("Nîmes", "30000"))),
    "DEU": ("Germany", (("Köln", "50667"), ("München", "80331"))),
    "IRL": ("Ireland", (("Cork", "T12 W8XY"), ("Dún Laoghaire", "A96 X6X3"))),
    "ESP": ("Spain", (("Málaga", "29001"), ("Logroño", "26001"))),
    "ITA": ("Italy", (("Torino", "10121"), ("Forlì", "47121"))),
    "NLD": ("Netherlands", (("Utrecht", "3511"),)),
    "SWE": ("Sweden", (("Malmö", "211 20"),)),
    "JPN": ("Japan", (("Kyōto", "600-8216"), ("Ōsaka", "530-0001"))),
    "KWT": ("Kuwait", (("Salmiya", "22001"),)),
}


def buyer(dice: random.Random, country: str) -> dict[str, Any]:
    """A customer as OR11 gives one, with the same address for the bill and the parcel."""
    label, places = PLACES[country]
    city, zip_code = dice.choice(places)
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    address = {
        "civility": None,
        "company": None,
        "firstname": first,
        "lastname": last,
        "street_1": f"{dice.randint(1, 240)} {dice.choice(_STREETS)}",
        "street_2": "Flat 2" if dice.random() < 0.1 else None,
        "zip_code": zip_code,
        "city": city,
        "state": None,
        "country": label,
        "country_iso_code": country,
        "phone": "+440000000000",
    }
    return {
        "customer_id": str(dice.randint(10_000, 99_999)),
        "civility": None,
        "firstname": first,
        "lastname": last,
        "locale": "en_GB",
        "organization": None,
        "billing_address": dict(address),
        "shipping_address": {**address, "additional_info": None},
    }
