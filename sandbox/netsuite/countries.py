"""ISO 3166 alpha-2 codes, as NetSuite's address country takes them, and the VAT rates of its tax codes."""

# fmt: off
COUNTRIES = frozenset((
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB",
    "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY",
    "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX",
    "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK",
    "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS",
    "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR",
    "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA",
    "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK",
    "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE",
    "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM",
    "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG",
    "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF",
    "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY",
    "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT", "ZA", "ZM", "ZW",
))
# fmt: on

# Standard rate first, then the reduced ones, in percent (2026).
VAT_RATES: dict[str, tuple[str, ...]] = {
    "AUT": ("20", "13", "10"),
    "BEL": ("21", "12", "6"),
    "BGR": ("20", "9"),
    "CYP": ("19", "9", "5", "3"),
    "CZE": ("21", "12"),
    "DEU": ("19", "7"),
    "DNK": ("25",),
    "ESP": ("21", "10", "4"),
    "EST": ("24", "13", "9"),
    "FIN": ("25.5", "13.5", "10"),
    "FRA": ("20", "10", "5.5", "2.1"),
    "GBR": ("20", "5", "0"),
    "GRC": ("24", "13", "6"),
    "HRV": ("25", "13", "5"),
    "HUN": ("27", "18", "5"),
    "IRL": ("23", "13.5", "9", "4.8"),
    "ITA": ("22", "10", "5", "4"),
    "LTU": ("21", "12", "5"),
    "LUX": ("17", "14", "8", "3"),
    "LVA": ("21", "12", "5"),
    "MLT": ("18", "12", "7", "5"),
    "NLD": ("21", "9"),
    "POL": ("23", "8", "5"),
    "PRT": ("23", "13", "6"),
    "ROU": ("21", "11"),
    "SVK": ("23", "19", "5"),
    "SVN": ("22", "9.5", "5"),
    "SWE": ("25", "12", "6"),
}
