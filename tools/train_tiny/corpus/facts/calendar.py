"""Days, months, seasons and units; facts_numbers.py hands these facts on with its own."""

from ..documents import Fact
from .common import Templates, capitalized, make_fact, rows, templates, wrong_answers

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
SEASONS = ("spring", "summer", "autumn", "winter")

# What a season does, and the season.
SEASON_FEATURES = """
    is the coldest|winter
    is the hottest|summer
    brings snow and ice|winter
    brings falling leaves|autumn
    brings the first flowers after the cold|spring
    comes when the heat of summer is over|autumn
    comes when the snow has melted|spring
    has the longest days|summer
    has the shortest days|winter"""

# How many, of what, in what.
UNITS = """
    60|seconds|a minute
    60|minutes|an hour
    24|hours|a day
    7|days|a week
    2|days|a weekend
    14|days|a fortnight
    12|months|a year
    52|weeks|a year
    365|days|a normal year
    366|days|a leap year
    4|seasons|a year
    3|months|a quarter of a year
    6|months|half a year
    10|years|a decade
    100|years|a century
    1000|years|a millennium
    10|decades|a century
    30|minutes|half an hour
    15|minutes|a quarter of an hour
    3600|seconds|an hour
    30|seconds|half a minute
    12|hours|half a day
    100|centimetres|a metre
    10|millimetres|a centimetre
    1000|millimetres|a metre
    1000|metres|a kilometre
    10|decimetres|a metre
    500|metres|half a kilometre
    50|centimetres|half a metre
    1000|grams|a kilogram
    1000|kilograms|a tonne
    500|grams|half a kilogram
    1000|milligrams|a gram
    1000|millilitres|a litre
    100|centilitres|a litre
    12|inches|a foot
    3|feet|a yard
    16|ounces|a pound
    100|cents|a dollar
    100|pennies|a pound in money
    12|eggs|a dozen
    2|shoes|a pair
    26|letters|the English alphabet
    52|cards|a pack without jokers"""

DAY_AFTER = templates("""
    What day comes after {x}?
    Which day is after {x}?
    What is the day after {x}?
    After {x} comes which day?
    Name the day that follows {x}.
    day after {l}
    which day of the week follows {l}
    Today is {x}. What day is tomorrow?
    If today is {x}, which day will it be tomorrow?
    Tell me the day that comes after {x}.
    {x} is followed by which day?
    Do you know what day comes after {x}?
    Yesterday was {x}. Which day is it today?
    What weekday is next after {x}?
    I would like to know which day follows {x}.
    The day after {x} is called what?
    {x} is over. Which day begins now?
    If it is {x} now, what is the next day?
    What will it be tomorrow, when it is {x} today?
    Give me the day right after {x}.
--
    Which day comes after {x}?
    Please tell me the day after {x}.
    What day of the week follows {x}?
    What is tomorrow, if today is {x}?
    Which is the next day after {x}?
""")

DAY_BEFORE = templates("""
    What day comes before {x}?
    Which day is before {x}?
    What is the day before {x}?
    Before {x} comes which day?
    Name the day that {x} follows.
    day before {l}
    which day of the week is before {l}
    Today is {x}. What day was yesterday?
    If today is {x}, which day was it yesterday?
    Tell me the day that comes before {x}.
    {x} comes right after which day?
    Do you know what day comes before {x}?
    Tomorrow is {x}. Which day is it today?
    What weekday is just before {x}?
    I would like to know which day is before {x}.
    The day before {x} is called what?
    Which day is followed by {x}?
    What was it yesterday, when it is {x} today?
    Give me the day right before {x}.
--
    Which day comes before {x}?
    Please tell me the day before {x}.
    What day of the week is before {x}?
    What was yesterday, if today is {x}?
    Which is the day just before {x}?
""")

MONTH_AFTER = templates("""
    What month comes after {x}?
    Which month is after {x}?
    What is the month after {x}?
    After {x} comes which month?
    Name the month that follows {x}.
    month after {l}
    which month of the year follows {l}
    It is {x}. What month is next?
    If this month is {x}, what will the next month be?
    Tell me the month that comes after {x}.
    {x} is followed by which month?
    Do you know what month comes after {x}?
    Last month was {x}. Which month is it now?
    What month is next after {x}?
    I would like to know which month follows {x}.
    The month after {x} is called what?
    When {x} is over, which month begins?
    When {x} is over, which month starts?
    When {x} ends, which month has come?
--
    Which month comes after {x}?
    Please tell me the month after {x}.
    What month of the year follows {x}?
    Which is the next month after {x}?
    What month begins when {x} is over?
""")

MONTH_BEFORE = templates("""
    What month comes before {x}?
    Which month is before {x}?
    What is the month before {x}?
    Before {x} comes which month?
    Name the month that {x} follows.
    month before {l}
    which month of the year is before {l}
    It is {x}. What was the last month?
    If this month is {x}, what was the month before?
    Tell me the month that comes before {x}.
    {x} comes right after which month?
    Do you know what month comes before {x}?
    Next month is {x}. Which month is it now?
    What month is just before {x}?
    I would like to know which month is before {x}.
    The month before {x} is called what?
    Which month is followed by {x}?
    When {x} starts, which month has just ended?
    Which month must end before {x} can start?
--
    Which month comes before {x}?
    Please tell me the month before {x}.
    What month of the year is before {x}?
    Which is the month just before {x}?
    What month is over when {x} begins?
""")

DAYS_IN_MONTH = templates("""
    How many days has {x}?
    How many days does {x} have?
    How many days are there in {x}?
    {x} has how many days?
    {x}: how many days?
    days in {l}
    how many days are in the month of {l}
    Tell me the number of days in {x}.
    What is the number of days in {x}?
    How long is {x} in days?
    Do you know how many days {x} has?
    In {x}, how many days do we count?
    Count the days of {x}. How many are there?
    The month {x} is how many days long?
    I would like to know how many days there are in {x}.
    What is the length of {x} in days?
--
    How many days does the month {x} have?
    Please tell me how many days {x} has.
    How many days are in {x}?
    How many days long is {x}?
    What is the number of days that {x} has?
""")

MONTH_NUMBER = templates("""
    What is the {x} month of the year?
    Which is the {x} month of the year?
    Which month is the {x} of the year?
    Name the {x} month of the year.
    the {x} month of the year
    what month is the {x} one in the year
    Tell me the name of the {x} month of the year.
    The {x} month in the year is called what?
    Which month comes {x} in the year?
    Do you know the {x} month of the year?
    In the year, which month has the {x} place?
    Counted from the start of the year, which month is the {x}?
    Can you name the {x} month in the year?
    I am looking for the name of the {x} month in the year.
    Of all the months in a year, which one is {x}?
    I would like to know which month is {x} in the year.
--
    Which month is the {x} one of the year?
    Please tell me the {x} month of the year.
    What month comes {x} in the year?
    What is the name of the {x} month in the year?
    In the year, which is the {x} month?
""")

MONTH_PLACE = templates("""
    Which place does {x} have in the year?
    What number is the month of {x}?
    Is {x} the first, the second, the third or a later month of the year?
    In which place of the year does {x} come?
    {x} is which month of the year, counted in order?
    place of {l} in the year
    what number is {l} among the months
    Where in the row of the months is {x}?
    Tell me the place of {x} among the twelve months.
    Counted from January, what place has {x}?
    Do you know the place of {x} in the year?
    When you count the months, in which place is {x}?
    How far into the year is {x}? Tell me its place.
    {x}: which place in the order of the months?
    What is the place of {x} in the order of the months?
    I would like to know in which place {x} comes.
--
    Which place does {x} have among the months?
    In the order of the months, what place has {x}?
    Please tell me the place of {x} in the year.
    What is the place of {x} among the twelve months?
    Where is {x} in the order of the months?
""")

SEASON_AFTER = templates("""
    What season comes after {x}?
    Which season is after {x}?
    What is the season after {x}?
    After {x} comes which season?
    Name the season that follows {x}.
    season after {l}
    which season of the year follows {l}
    It is {x} now. What season is next?
    If this season is {x}, what will the next one be?
    Tell me the season that comes after {x}.
    {X} is followed by which season?
    Do you know what season comes after {x}?
    The last season was {x}. Which one is it now?
    What season is next after {x}?
    When {x} is over, which season begins?
    The season after {x} is called what?
--
    Which season comes after {x}?
    Please tell me the season after {x}.
    What season of the year follows {x}?
    Which is the next season after {x}?
    What season begins when {x} is over?
""")

SEASON_BEFORE = templates("""
    What season comes before {x}?
    Which season is before {x}?
    What is the season before {x}?
    Before {x} comes which season?
    Name the season that {x} follows.
    season before {l}
    which season of the year is before {l}
    It is {x} now. What was the last season?
    If this season is {x}, what was the one before?
    Tell me the season that comes before {x}.
    {X} comes right after which season?
    Do you know what season comes before {x}?
    The next season will be {x}. Which one is it now?
    What season is just before {x}?
    Which season is followed by {x}?
    The season before {x} is called what?
--
    Which season comes before {x}?
    Please tell me the season before {x}.
    What season of the year is before {x}?
    Which is the season just before {x}?
    What season is over when {x} begins?
""")

SEASON = templates("""
    Which season {x}?
    What season {x}?
    Which season of the year {x}?
    Name the season that {x}.
    Tell me which season {x}.
    the season that {x}
    which of the four seasons {x}
    What do we call the season that {x}?
    Do you know which season {x}?
    Can you tell me what season {x}?
    What is the name of the season that {x}?
    I would like to know which season {x}.
    There is a season that {x}. Which one is it?
    Spring, summer, autumn or winter: which season {x}?
    One of the seasons {x}. What is its name?
    Of the four seasons, which one {x}?
--
    What season of the year {x}?
    Please name the season that {x}.
    Can you tell me which season {x}?
    I am looking for the season that {x}. What is its name?
    Which one of the seasons {x}?
""")

UNIT = templates("""
    How many {what} are in {x}?
    How many {what} are there in {x}?
    How many {what} does {x} have?
    How many {what} make {x}?
    {X} has how many {what}?
    {what} in {x}
    how many {what} has {x}
    Tell me the number of {what} in {x}.
    What is the number of {what} in {x}?
    In {x}, how many {what} are there?
    Do you know how many {what} there are in {x}?
    I want to know how many {what} {x} has.
    {X}: how many {what} is that?
    Can you tell me how many {what} are in {x}?
    {X} is made of how many {what}?
    How many {what} do you count in {x}?
--
    How many {what} do we have in {x}?
    Please tell me how many {what} are in {x}.
    {X} is how many {what}?
    I would like to know how many {what} there are in {x}.
    What number of {what} are there in {x}?
""")


def row_facts(unit: str, names: tuple[str, ...], after: Templates, before: Templates) -> list[Fact]:
    """What comes after and before each of the names; the first comes after the last."""
    result = []
    for i, name in enumerate(names):
        following = names[(i + 1) % len(names)]
        both = (("after", name, following, after), ("before", following, name, before))
        for kind, x, answer, asking in both:
            wrong = wrong_answers(f"{unit}_{kind} {x}", answer, [o for o in names if o != x], names)
            result.append(make_fact(f"{unit}_{kind}", x, answer, f"The {unit} {kind} {x} is {answer}.",
                                    asking, {"x": x}, wrong, f"{capitalized(answer)} comes {kind} {x}."))
    return result


def month_facts() -> list[Fact]:
    """How long the months are, and which place they have."""
    result = []
    for i, month in enumerate(MONTHS):
        days, place = str(MONTH_DAYS[i]), PLACES[i]
        rest = ", and 29 in a leap year" if month == "February" else ""
        taken = ["29"] if month == "February" else []
        wrong = wrong_answers(f"month_days {month}", days, ["28", "29", "30", "31", "32"], forbidden=taken)
        result.append(make_fact("month_days", month, days, f"{month} has {days} days{rest}.", DAYS_IN_MONTH,
                                {"x": month}, wrong, f"There are {days} days in {month}{rest}."))
        sentence = f"{month} is the {place} month of the year."
        wrong = wrong_answers(f"month_number {place}", month, MONTHS)
        result.append(make_fact("month_number", place, month, f"The {place} month of the year is {month}.",
                                MONTH_NUMBER, {"x": place}, wrong, sentence))
        wrong = wrong_answers(f"month_place {month}", place, PLACES)
        result.append(make_fact("month_place", month, place, sentence, MONTH_PLACE, {"x": month}, wrong))
    return result


def season_facts() -> list[Fact]:
    """What the seasons are like where there are four of them."""
    result = []
    for feature, season in rows(SEASON_FEATURES):
        wrong = wrong_answers(f"season {feature}", season, SEASONS)
        result.append(make_fact("season", feature, season, f"The season that {feature} is {season}.", SEASON,
                                {"x": feature}, wrong, f"{capitalized(season)} {feature}."))
    return result


def unit_facts() -> list[Fact]:
    """Time, lengths, weights and money, and a few other things with a fixed number of parts."""
    table = rows(UNITS)
    result = []
    for number, what, whole in table:
        wrong = wrong_answers(f"unit {what} {whole}", number, [other[0] for other in table])
        result.append(make_fact("unit", f"{what} in {whole}", number,
                                f"There are {number} {what} in {whole}.", UNIT,
                                {"x": whole, "what": what}, wrong,
                                f"{capitalized(whole)} has {number} {what}."))
    return result


def calendar_facts() -> list[Fact]:
    """All facts of this file."""
    return [
        *row_facts("day", tuple(DAYS), DAY_AFTER, DAY_BEFORE),
        *row_facts("month", tuple(MONTHS), MONTH_AFTER, MONTH_BEFORE),
        *row_facts("season", SEASONS, SEASON_AFTER, SEASON_BEFORE),
        *month_facts(),
        *season_facts(),
        *unit_facts(),
    ]
