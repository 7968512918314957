"""Countries: their capitals, continents and languages."""

from ..documents import Fact
from .common import capitalized, make_fact, rows, templates, wrong_answers

# Country, capital, r where the capital is well enough known to ask for its country, c to leave out the
# continent. Countries whose capital is disputed or whose name means something else as well are left out.
COUNTRIES = {
    "Africa": """
        Algeria|Algiers|r
        Angola|Luanda|r
        Benin|Porto-Novo
        Botswana|Gaborone|r
        Burkina Faso|Ouagadougou|r
        Burundi|Gitega
        Cameroon|Yaounde|r
        Cape Verde|Praia
        the Central African Republic|Bangui|r
        Chad|N'Djamena|r
        the Comoros|Moroni
        the Democratic Republic of the Congo|Kinshasa|r
        Djibouti|Djibouti
        Egypt|Cairo|r
        Eritrea|Asmara|r
        Eswatini|Mbabane
        Ethiopia|Addis Ababa|r
        Gabon|Libreville|r
        the Gambia|Banjul
        Ghana|Accra|r
        Guinea|Conakry|r
        Guinea-Bissau|Bissau
        the Ivory Coast|Yamoussoukro
        Kenya|Nairobi|r
        Lesotho|Maseru
        Liberia|Monrovia|r
        Libya|Tripoli|r
        Madagascar|Antananarivo|r
        Malawi|Lilongwe|r
        Mali|Bamako|r
        Mauritania|Nouakchott
        Mauritius|Port Louis
        Morocco|Rabat|r
        Mozambique|Maputo|r
        Namibia|Windhoek|r
        Niger|Niamey|r
        Nigeria|Abuja|r
        the Republic of the Congo|Brazzaville
        Rwanda|Kigali|r
        Sao Tome and Principe|Sao Tome
        Senegal|Dakar|r
        the Seychelles|Victoria
        Sierra Leone|Freetown|r
        Somalia|Mogadishu|r
        South Africa|Pretoria
        South Sudan|Juba
        Sudan|Khartoum|r
        Tanzania|Dodoma
        Togo|Lome|r
        Tunisia|Tunis|r
        Uganda|Kampala|r
        Zambia|Lusaka|r
        Zimbabwe|Harare|r""",
    "Asia": """
        Afghanistan|Kabul|r
        Armenia|Yerevan|rc
        Azerbaijan|Baku|rc
        Bahrain|Manama|r
        Bangladesh|Dhaka|r
        Bhutan|Thimphu|r
        Brunei|Bandar Seri Begawan
        Cambodia|Phnom Penh|r
        China|Beijing|r
        East Timor|Dili|c
        India|New Delhi|r
        Indonesia|Jakarta|r
        Iran|Tehran|r
        Iraq|Baghdad|r
        Japan|Tokyo|r
        Jordan|Amman|r
        Kazakhstan|Astana|rc
        Kuwait|Kuwait City
        Kyrgyzstan|Bishkek|r
        Laos|Vientiane|r
        Lebanon|Beirut|r
        Malaysia|Kuala Lumpur|r
        the Maldives|Male
        Mongolia|Ulaanbaatar|r
        Myanmar|Naypyidaw
        Nepal|Kathmandu|r
        North Korea|Pyongyang|r
        Oman|Muscat|r
        Pakistan|Islamabad|r
        the Philippines|Manila|r
        Qatar|Doha|r
        Saudi Arabia|Riyadh|r
        Singapore|Singapore
        South Korea|Seoul|r
        Syria|Damascus|r
        Tajikistan|Dushanbe
        Thailand|Bangkok|r
        Turkmenistan|Ashgabat
        the United Arab Emirates|Abu Dhabi|r
        Uzbekistan|Tashkent|r
        Vietnam|Hanoi|r
        Yemen|Sanaa""",
    "Europe": """
        Albania|Tirana|r
        Andorra|Andorra la Vella
        Austria|Vienna|r
        Belarus|Minsk|r
        Belgium|Brussels|r
        Bosnia and Herzegovina|Sarajevo|r
        Bulgaria|Sofia|r
        Croatia|Zagreb|r
        Cyprus|Nicosia|rc
        the Czech Republic|Prague|r
        Denmark|Copenhagen|r
        Estonia|Tallinn|r
        Finland|Helsinki|r
        France|Paris|r
        Germany|Berlin|r
        Greece|Athens|r
        Hungary|Budapest|r
        Iceland|Reykjavik|r
        Ireland|Dublin|r
        Italy|Rome|r
        Latvia|Riga|r
        Liechtenstein|Vaduz|r
        Lithuania|Vilnius|r
        Luxembourg|Luxembourg
        Malta|Valletta|r
        Moldova|Chisinau|r
        Monaco|Monaco
        Montenegro|Podgorica|r
        the Netherlands|Amsterdam|r
        North Macedonia|Skopje|r
        Norway|Oslo|r
        Poland|Warsaw|r
        Portugal|Lisbon|r
        Romania|Bucharest|r
        Russia|Moscow|rc
        San Marino|San Marino
        Serbia|Belgrade|r
        Slovakia|Bratislava|r
        Slovenia|Ljubljana|r
        Spain|Madrid|r
        Sweden|Stockholm|r
        Switzerland|Bern|r
        Turkey|Ankara|rc
        Ukraine|Kyiv|r
        the United Kingdom|London|r""",
    "North America": """
        Antigua and Barbuda|Saint John's
        the Bahamas|Nassau|r
        Barbados|Bridgetown|r
        Belize|Belmopan
        Canada|Ottawa|r
        Costa Rica|San Jose
        Cuba|Havana|r
        Dominica|Roseau
        the Dominican Republic|Santo Domingo|r
        El Salvador|San Salvador|r
        Grenada|Saint George's
        Guatemala|Guatemala City
        Haiti|Port-au-Prince|r
        Honduras|Tegucigalpa|r
        Jamaica|Kingston|r
        Mexico|Mexico City
        Nicaragua|Managua|r
        Panama|Panama City
        Saint Kitts and Nevis|Basseterre
        Saint Lucia|Castries
        Saint Vincent and the Grenadines|Kingstown
        Trinidad and Tobago|Port of Spain|rc
        the United States|Washington|r""",
    "South America": """
        Argentina|Buenos Aires|r
        Bolivia|Sucre
        Brazil|Brasilia|r
        Chile|Santiago|r
        Colombia|Bogota|r
        Ecuador|Quito|r
        Guyana|Georgetown|r
        Paraguay|Asuncion|r
        Peru|Lima|r
        Suriname|Paramaribo|r
        Uruguay|Montevideo|r
        Venezuela|Caracas|r""",
    "Oceania": """
        Australia|Canberra|rc
        Fiji|Suva|r
        Kiribati|South Tarawa
        the Marshall Islands|Majuro
        Micronesia|Palikir|c
        New Zealand|Wellington|r
        Palau|Ngerulmud
        Papua New Guinea|Port Moresby|r
        Samoa|Apia|r
        the Solomon Islands|Honiara
        Tonga|Nuku'alofa
        Tuvalu|Funafuti
        Vanuatu|Port Vila""",
}

# Country, language, and languages that many people there speak as well, so that they are no wrong answers.
LANGUAGES = """
    Albania|Albanian|Greek, Italian
    Argentina|Spanish|Italian
    Australia|English|Chinese, Greek, Italian, Arabic, Vietnamese
    Austria|German|Hungarian, Slovenian, Croatian, Turkish
    Bangladesh|Bengali
    Brazil|Portuguese|German, Italian, Japanese, Spanish
    Bulgaria|Bulgarian|Turkish
    Cambodia|Khmer|Vietnamese, Chinese
    Chile|Spanish
    China|Chinese|Korean, Mongolian
    Colombia|Spanish
    Croatia|Croatian|Italian, Hungarian
    Cuba|Spanish
    the Czech Republic|Czech|Slovak, Polish, German
    Denmark|Danish|German
    Egypt|Arabic
    Estonia|Estonian|Russian, Finnish
    Finland|Finnish|Swedish
    France|French|German, Arabic, Italian
    Germany|German|Danish, Turkish, Russian, Polish
    Greece|Greek|Albanian, Turkish, Bulgarian
    Hungary|Hungarian|German
    Iceland|Icelandic|Danish
    Iran|Persian|Arabic, Turkish
    Italy|Italian|German, French, Albanian, Slovenian
    Jamaica|English
    Japan|Japanese
    Latvia|Latvian|Russian, Lithuanian
    Lithuania|Lithuanian|Russian, Polish
    Mexico|Spanish
    Mongolia|Mongolian|Chinese, Russian
    the Netherlands|Dutch|German
    Norway|Norwegian|Danish, Swedish
    Poland|Polish|German
    Portugal|Portuguese|Spanish
    Romania|Romanian|Hungarian, German
    Russia|Russian|Ukrainian
    Saudi Arabia|Arabic
    Slovakia|Slovak|Hungarian, Czech
    Slovenia|Slovenian|Italian, Hungarian, Croatian
    South Korea|Korean
    Spain|Spanish
    Sweden|Swedish|Finnish
    Thailand|Thai|Chinese, Khmer
    Turkey|Turkish|Arabic
    Ukraine|Ukrainian|Russian, Hungarian, Romanian
    the United Kingdom|English
    the United States|English|Spanish, Chinese, German, French
    Uruguay|Spanish|Portuguese
    Venezuela|Spanish
    Vietnam|Vietnamese|Chinese, Khmer"""

CAPITAL = templates("""
    What is the capital of {x}?
    What's the capital of {x}?
    Name the capital city of {x}.
    {X}: which city is its capital?
    Do you know the capital of {x}?
    I would like to know which city is the capital of {x}.
    which city is the capital of {l}
    capital of {l}
    The capital of {x} is which city?
    Can you tell me what the capital city of {x} is?
    Please tell me the capital of {x}.
    Which city serves as the capital of {x}?
    what is the capital city of {l}?
    I am looking for the name of the capital of {x}.
    My homework asks for the capital of {x}. What should I write?
    {X} has which capital city?
    For {x}, what is the name of the capital?
    Which city does {x} have as its capital?
--
    Could you tell me which city is the capital of {x}?
    What is the name of the capital city of {x}?
    Please name the capital of {x}.
    Which capital does {x} have?
    I want to know the capital city of {x}.
""")

CAPITAL_OF = templates("""
    Which country has {x} as its capital?
    What country is {x} the capital of?
    {x} is the capital of which country?
    Of which country is {x} the capital?
    Name the country whose capital is {x}.
    Tell me which country has the capital {x}.
    which country has the capital {l}
    {l} is the capital of what country
    I know that {x} is a capital, but of which country?
    In which country is {x} the capital city?
    Do you know which country {x} is the capital of?
    If {x} is the capital, which country is it?
    Can you name the country that has {x} as its capital?
    Whose capital is {x}?
    {x} is a capital city. Which country does it belong to?
    Please tell me what country {x} is the capital of.
    I have heard of the city of {x}. Which country is it the capital of?
    Which state has made {x} its capital?
    Whose capital city is {x}?
    {x} is whose capital city?
--
    What is the country with the capital {x}?
    Please name the country that {x} is the capital of.
    To which country does the capital {x} belong?
    I would like to know which country has {x} as its capital city.
    Can you tell me whose capital city {x} is?
""")

CONTINENT = templates("""
    Which continent is {x} in?
    What continent is {x} on?
    On which continent does {x} lie?
    Name the continent where {x} lies.
    {X} is on which continent?
    {X}: which continent is it on?
    Tell me the continent of {x}.
    which continent is {l} in
    what continent does {l} belong to
    continent of {l}
    Do you know which continent {x} belongs to?
    I would like to know on which continent {x} is.
    In which part of the world is {x}? Name the continent.
    Can you tell me what continent {x} is part of?
    If I travel to {x}, which continent do I go to?
    {X} is a country. On which continent can I find it?
--
    On what continent is {x}?
    Which continent does {x} lie in?
    Please tell me which continent {x} is on.
    I want to know the continent of {x}.
    {X} belongs to which continent?
""")

LANGUAGE = templates("""
    What language do people speak in {x}?
    Which language is spoken in {x}?
    In {x}, what language do people speak?
    Name the language of {x}.
    The people of {x} speak which language?
    {X}: which language do they speak there?
    what is the language of {l}
    language in {l}
    which language do they speak in {l}?
    Do you know what language is spoken in {x}?
    I want to travel to {x}. Which language should I learn?
    Tell me what people speak in {x}.
    What is the main language in {x}?
    Can you tell me which language most people in {x} speak?
    If somebody comes from {x}, what language does he speak?
    I would like to know the language of {x}.
--
    Which language do people speak in {x}?
    What do most people speak in {x}? Name the language.
    Please tell me the main language of {x}.
    In {x}, which language is spoken?
    What language should I learn if I travel to {x}?
""")


def key_of(country: str) -> str:
    """The name without its article."""
    return country.removeprefix("the ")


def country_facts() -> list[Fact]:
    """Capitals, both ways, and continents."""
    result = []
    for continent, table in COUNTRIES.items():
        countries = [row if len(row) == 3 else [*row, ""] for row in rows(table)]
        for country, capital, marks in countries:
            key, values = key_of(country), {"x": country}
            wrong = wrong_answers(f"capital {key}", capital, [other[1] for other in countries])
            result.append(make_fact("capital", key, capital, f"The capital of {country} is {capital}.",
                                    CAPITAL, values, wrong, f"{capital} is the capital city of {country}."))
            if "r" in marks:
                wrong = wrong_answers(f"capital_of {capital}", country, [other[0] for other in countries])
                result.append(make_fact("capital_of", capital, country,
                                        f"{capital} is the capital of {country}.", CAPITAL_OF,
                                        {"x": capital}, wrong,
                                        f"The country with the capital {capital} is {country}."))
            if "c" not in marks:
                wrong = wrong_answers(f"continent {key}", continent, COUNTRIES)
                name = capitalized(country)
                result.append(make_fact("continent", key, continent, f"{name} is in {continent}.", CONTINENT,
                                        values, wrong, f"{name} belongs to {continent}."))
    return result


def language_facts() -> list[Fact]:
    """English is never a wrong answer: there are speakers of it everywhere."""
    table = [row if len(row) == 3 else [*row, ""] for row in rows(LANGUAGES)]
    result = []
    for country, language, others in table:
        key = key_of(country)
        wrong = wrong_answers(f"language {key}", language, [other[1] for other in table],
                              forbidden=["English", *others.split(", ")])
        result.append(make_fact("language", key, language, f"People in {country} speak {language}.",
                                LANGUAGE, {"x": country}, wrong, f"The language of {country} is {language}."))
    return result


def facts() -> list[Fact]:
    """All facts of this file."""
    return country_facts() + language_facts()
