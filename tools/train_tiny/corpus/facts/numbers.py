"""Numbers: reckoning, number words, order and counting; with them go the facts of the calendar."""

import random

from ..documents import Fact
from .calendar import calendar_facts
from .common import make_fact, near_numbers, templates, wrong_answers

SMALL = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
         "sixteen seventeen eighteen nineteen").split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = ("- first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
            "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth").split()

ADDITION = templates("""
    What is {a} plus {b}?
    What is {a} + {b}?
    {a} + {b}
    {a} + {b} = ?
    How much is {a} plus {b}?
    how much is {a} + {b}
    Add {a} and {b}.
    What is the sum of {a} and {b}?
    what is {aw} plus {bw}
    {a} and {b} make how many?
    Can you add {a} and {b} for me?
    Calculate {a} plus {b}.
    If you have {a} and get {b} more, how many do you have?
    {a} plus {b} equals what?
    Please work out {a} + {b}.
    Tell me the sum of {a} and {b}.
    What do I get when I add {b} to {a}?
    Do you know how much {aw} plus {bw} is?
    There are {a} and then {b} more come. How many are there?
    The sum of {a} and {b} is what number?
    I had {a} coins and found {b} more. How many have I got now?
    {a} birds sit in a tree and {b} more come. How many are there now?
    What is the result when {a} and {b} are added?
    You have {a}, and somebody gives you {b}. How many is that?
--
    Tell me how much {a} plus {b} is.
    What do you get if you add {a} and {b}?
    Please add {a} and {b}.
    I have {a} and get {b} more. How many do I have?
    Work out the sum of {a} and {b}.
    How many do {a} and {b} make?
""")

SUBTRACTION = templates("""
    What is {a} minus {b}?
    What is {a} - {b}?
    {a} - {b}
    {a} - {b} = ?
    How much is {a} minus {b}?
    how much is {a} - {b}
    Subtract {b} from {a}.
    Take {b} away from {a}.
    what is {aw} minus {bw}
    If you have {a} and lose {b}, how many are left?
    Can you subtract {b} from {a} for me?
    Calculate {a} minus {b}.
    {a} minus {b} equals what?
    Please work out {a} - {b}.
    What is left when I take {b} from {a}?
    There are {a} and then {b} go away. How many stay?
    What is the difference when {b} is taken from {a}?
    Do you know how much {aw} minus {bw} is?
    {a} take away {b} is what number?
    {b} of {a} birds fly away. How many remain?
    Of {a} apples, {b} are eaten. How many are left?
    How many remain when {b} of my {a} coins are gone?
    I had {a} sweets and gave away {b}. How many have I got now?
    From {a} people {b} leave. How many stay?
--
    Tell me how much {a} minus {b} is.
    What do I get when I subtract {b} from {a}?
    Please take {b} away from {a}.
    I have {a} and lose {b}. How many are left?
    How many stay if {b} of {a} go away?
""")

TIMES = templates("""
    What is {a} times {b}?
    What is {a} x {b}?
    {a} x {b}
    {a} * {b} = ?
    How much is {a} times {b}?
    how much is {a} x {b}
    Multiply {a} by {b}.
    What is the product of {a} and {b}?
    what is {aw} times {bw}
    Can you multiply {a} by {b} for me?
    Calculate {a} times {b}.
    {a} times {b} equals what?
    Please work out {a} * {b}.
    What is {a} multiplied by {b}?
    Tell me the product of {a} and {b}.
    Do you know how much {aw} times {bw} is?
    I need {a} times {b}. What number is that?
    The product of {a} and {b} is what number?
--
    Tell me how much {a} times {b} is.
    What do I get when I multiply {a} by {b}?
    Please multiply {a} by {b}.
    Work out {a} times {b}.
    How much is {a} multiplied by {b}?
""")

NUMBER_WORD = templates("""
    What is {n} in words?
    Write {n} in words.
    How do you write {n} in words?
    Which word stands for the number {n}?
    {n} in words
    the number {n} as a word
    How do you say the number {n}?
    Name the word for {n}.
    Can you write the number {n} with letters?
    What is the word for the number {n}?
    I see the number {n}. How is it read?
    Do not write {n} in digits, but in words.
    In words, what is {n}?
    Please put {n} into words.
    How is {n} written in words?
    Tell me how to write {n} with letters.
    Do you know the word for {n}?
--
    Please write the number {n} in words.
    What is the number {n} in words?
    How do you write {n} with letters?
    Tell me the word for the number {n}.
    Can you put the number {n} into words?
""")

NUMBER_DIGITS = templates("""
    What is {w} in digits?
    Write {w} in digits.
    How do you write {w} in digits?
    Which number is {w}?
    {w} in digits
    the word {w} as a number
    Write the number {w} without letters.
    Put {w} into digits.
    Can you write {w} as a number?
    In digits, what is {w}?
    How is {w} written in digits?
    Which digits do I need for {w}?
    I hear {w}. Which digits should I write?
    Do not write {w} in words, but in digits.
    Tell me how to write {w} in digits.
    Please turn the word {w} into a number.
--
    Please write the number {w} in digits.
    What is the number {w} in digits?
    Can you put {w} into digits?
    Which digits do you write for {w}?
    Tell me the word {w} as a number.
""")

AFTER = templates("""
    What comes after {n}?
    Which number comes after {n}?
    What number is next after {n}?
    After {n} comes which number?
    Name the number that follows {n}.
    number after {n}
    what number comes right after {n}
    I have counted up to {n}. Which number is next?
    When you count, what do you say after {n}?
    Which number is one more than {n}?
    Tell me the next number after {n}.
    {n}, and then?
    Do you know which number follows {n}?
    {n} is followed by which number?
    Can you tell me the number just after {n}?
    I would like to know what comes after {n}.
    What is the number after {w}?
    Someone who counts has just said {n}. What comes then?
    You are counting and have come to {n}. What is next?
    We count together: I say {n}. What do you say?
    If you go one further than {n}, where are you?
    Which number is right after {n}?
    Say the number that is right after {n}.
    Give me the number right after {n}.
    If somebody says {n} when counting, what comes next?
--
    What number comes after {n}?
    Please name the number right after {n}.
    Which is the next number after {n}?
    Tell me which number follows {n}.
    You count and say {n}. What do you say next?
""")

BEFORE = templates("""
    What comes before {n}?
    Which number comes before {n}?
    What number is just before {n}?
    Before {n} comes which number?
    Name the number that {n} follows.
    number before {n}
    what number comes right before {n}
    I am counting back from {n}. Which number is next?
    When you count, what do you say before {n}?
    Which number is one less than {n}?
    Tell me the number before {n}.
    {n} comes right after which number?
    Do you know which number is before {n}?
    Which number is followed by {n}?
    Can you tell me the number just before {n}?
    I would like to know what comes before {n}.
    What is the number before {w}?
    Someone who counts back has just said {n}. What comes then?
    You are counting back and have come to {n}. What is next?
    We count back together: I say {n}. What do you say?
    If you go one back from {n}, where are you?
    Which number is right before {n}?
    Say the number that is right before {n}.
    Give me the number right before {n}.
--
    What number comes before {n}?
    Please name the number right before {n}.
    Which is the number just before {n}?
    Tell me which number comes before {n}.
    You count back and say {n}. What do you say next?
""")

DOUBLE = templates("""
    What is double {n}?
    What is the double of {n}?
    Double {n}.
    double of {n}
    what do you get when you double {n}
    How much is twice {n}?
    Twice {n} is what number?
    Double the number {n}.
    Can you double {n}?
    {n} doubled is how much?
    Tell me the double of {n}.
    If {n} is doubled, what is the result?
    What number is twice as big as {n}?
    I had {n} and now I have twice as many. How many is that?
    Do you know the double of {n}?
    The double of {n} is what?
    What is twice {w}?
--
    How much is double {n}?
    Please double the number {n}.
    What is twice {n}?
    Tell me what {n} doubled is.
    Which number is the double of {n}?
""")

HALF = templates("""
    What is half of {n}?
    How much is half of {n}?
    Half of {n} is what number?
    half of {n}
    what is one half of {n}
    Tell me half of {n}.
    Halve {n}.
    Halve the number {n}.
    Can you halve {n}?
    {n} halved is how much?
    If you cut {n} in half, what do you get?
    What number is half as big as {n}?
    Two children share {n} sweets. How many does each get?
    Do you know how much half of {n} is?
    Share {n} between two. How much is each part?
    I had {n} and lost half. How many do I have left?
    What is half of {w}?
    What is {n} divided by two?
    Which number is the half of {n}?
    Which number do you have to double to get {n}?
--
    Please halve the number {n}.
    What number is half of {n}?
    Tell me how much half of {n} is.
    What do you get if you halve {n}?
    Which number is half as big as {n}?
""")

COUNT = templates("""
    Count{d} from {a} to {b}.
    Please count{d} from {a} to {b}.
    Can you count{d} from {a} to {b}?
    count{d} from {a} to {b}
    Start at {a} and count{d} to {b}.
    Say the numbers{d} from {a} to {b}.
    Which numbers come when you count{d} from {a} to {b}?
    List the numbers{d} from {a} to {b}.
    Write down all numbers{d} from {a} to {b}.
    Let us count{d}! Begin with {a} and stop at {b}.
    Count{d} for me, from {a} to {b}.
    I want to hear you count{d} from {a} to {b}.
    What are the numbers{d} from {a} to {b}?
    Begin at {a} and go on counting{d} until {b}.
    counting{d} from {a} to {b}, please
    Give me the numbers{d} from {a} to {b} in order.
    From {a} to {b}: count{d}!
--
    Tell me the numbers{d} from {a} to {b}.
    Begin counting{d} at {a} and stop at {b}.
    Please say all numbers{d} from {a} to {b} in order.
    I would like to hear you count{d} from {a} to {b}.
    Can you list the numbers{d} from {a} to {b}?
""")

ORDINAL = templates("""
    What is the ordinal word for {n}?
    Which ordinal number belongs to {n}?
    How do you write {th} in words?
    {th} in words
    ordinal of {n}
    what is {th} as a word
    In a row, what is number {n} called?
    Number {n} in a row comes in which place?
    Tell me the ordinal for {n}.
    Name the ordinal number of {n}.
    How is {th} read?
    Write {th} in words.
    Do you know the ordinal word of {n}?
    Can you write {th} with letters?
    I finished the race as number {n}. In which place did I come?
    Turn {n} into an ordinal number.
    The ordinal of {n} is which word?
--
    What is the ordinal number for {n}?
    Please write {th} in words.
    How do you write {th} with letters?
    Tell me the ordinal word of {n}.
    What is {th} in words?
""")


def number_word(number: int) -> str:
    """The number in words, up to a hundred."""
    if number < 20:
        return SMALL[number]
    if number == 100:
        return "one hundred"
    return TENS[number // 10] + ("-" + SMALL[number % 10] if number % 10 else "")


def ordinal_word(number: int) -> str:
    """The place in a row, up to the thirty-first."""
    if number <= 20:
        return ORDINALS[number]
    return "thirtieth" if number == 30 else f"{TENS[number // 10]}-{ORDINALS[number % 10]}"


def ordinal_short(number: int) -> str:
    """Such as 21st."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if 10 < number < 20 else endings.get(number % 10, 'th')}"


def reckoning_fact(kind: str, a: int, b: int, word: str, result: int, asking: tuple, statement: str) -> Fact:
    """Such as 7 plus 8 is 15."""
    key = f"{a} {word} {b}"
    values = {"a": a, "b": b, "aw": number_word(a), "bw": number_word(b)}
    others = (result - a, result + a, result + b) if kind == "times" else ()
    return make_fact(kind, key, str(result), f"{key} is {result}.", asking, values,
                     near_numbers(f"{kind} {key}", result, *others), statement)


def reckoning_facts() -> list[Fact]:
    """The small sums and differences, and the times tables."""
    result = []
    for a in range(21):
        for b in range(21):
            result.append(reckoning_fact("addition", a, b, "plus", a + b, ADDITION,
                                         f"The sum of {a} and {b} is {a + b}."))
            if b <= a:
                result.append(reckoning_fact("subtraction", a, b, "minus", a - b, SUBTRACTION,
                                             f"If you take {b} away from {a}, then {a - b} is left."))
    for a in range(2, 13):
        for b in range(1, 13):
            result.append(reckoning_fact("times", a, b, "times", a * b, TIMES,
                                         f"The product of {a} and {b} is {a * b}."))
    return result


def number_fact(kind: str, number: int, answer: int, reply: str, asking: tuple, *others: int) -> Fact:
    """A fact about one number with a number as its answer."""
    return make_fact(kind, str(number), str(answer), reply, asking, {"n": number, "w": number_word(number)},
                     near_numbers(f"{kind} {number}", answer, *others))


def order_facts() -> list[Fact]:
    """What comes after and before, and doubles and halves."""
    result = []
    for n in range(101):
        if n < 100:
            result.append(number_fact("number_after", n, n + 1, f"The number after {n} is {n + 1}.", AFTER))
        if n > 0:
            result.append(number_fact("number_before", n, n - 1, f"The number before {n} is {n - 1}.",
                                      BEFORE))
    for n in range(1, 51):
        result.append(number_fact("double", n, 2 * n, f"The double of {n} is {2 * n}.", DOUBLE,
                                  n, n + 2, 3 * n))
        result.append(number_fact("half", 2 * n, n, f"Half of {2 * n} is {n}.", HALF))
    return result


def word_facts() -> list[Fact]:
    """Numbers and ordinals in words, and back."""
    result = []
    words = [number_word(n) for n in range(101)]
    for n, word in enumerate(words):
        near = words[max(0, n - 3):n + 4] + [words[m] for m in (n - 10, n + 10) if 0 <= m <= 100]
        wrong = wrong_answers(f"number_word {n}", word, near)
        result.append(make_fact("number_word", str(n), word, f"The number {n} in words is {word}.",
                                NUMBER_WORD, {"n": n}, wrong, f"We write {n} in words as {word}."))
        result.append(make_fact("number_digits", word, str(n), f"The number {word} in digits is {n}.",
                                NUMBER_DIGITS, {"w": word}, near_numbers(f"number_digits {n}", n, 10 * n)))
    for n in range(1, 32):
        word = ordinal_word(n)
        near = [ordinal_word(m) for m in range(max(1, n - 3), min(31, n + 3) + 1)]
        wrong = wrong_answers(f"ordinal {n}", word, near)
        result.append(make_fact("ordinal", str(n), word, f"The ordinal word for {n} is {word}.", ORDINAL,
                                {"n": n, "th": ordinal_short(n)}, wrong,
                                f"Number {n} in a row comes in the {word} place."))
    return result


def count_fact(kind: str, first: int, last: int, down: str) -> Fact:
    """The wrong answers leave out a number, stop too early, or have two numbers in the wrong order."""
    key = f"from {first} to {last}"
    step = -1 if down else 1
    numbers = [str(n) for n in range(first, last + step, step)]
    answer = ", ".join(numbers)
    chance = random.Random(f"{kind} {key}")
    gone, swap = chance.randrange(1, len(numbers) - 1), chance.randrange(len(numbers) - 1)
    wrong = (numbers[:gone] + numbers[gone + 1:], numbers[:-1],
             numbers[:swap] + [numbers[swap + 1], numbers[swap]] + numbers[swap + 2:])
    return make_fact(kind, key, answer, f"{answer}.", COUNT, {"a": first, "b": last, "d": down},
                     tuple(", ".join(one) for one in wrong),
                     f"Counting{down} {key} goes like this: {answer}.")


def count_facts() -> list[Fact]:
    """Short stretches, upwards and downwards."""
    result = [count_fact("count", a, a + more, "") for a in range(21) for more in range(2, 8)]
    result += [count_fact("count", 1, last, "") for last in (10, 11, 12, 15, 20)]
    result += [count_fact("count_down", b + more, b, " down") for b in range(16) for more in range(2, 6)]
    return result


def facts() -> list[Fact]:
    """All facts of this file, and those about days, months, seasons and units."""
    return reckoning_facts() + order_facts() + word_facts() + count_facts() + calendar_facts()
