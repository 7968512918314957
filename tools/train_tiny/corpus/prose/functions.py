"""Small Python functions, correct ones, as the text of the corpus: never run here."""

# Name, what it does, ways to write it, a call with what it gives.
FUNCTIONS = (
    ("fibonacci", "returns the n-th number of Fibonacci", ("""
        def fibonacci(n):
            if n < 2:
                return n
            return fibonacci(n - 1) + fibonacci(n - 2)
        """, """
        def fibonacci(n):
            a, b = 0, 1
            for _ in range(n):
                a, b = b, a + b
            return a
        """, """
        def fibonacci(n):
            numbers = [0, 1]
            while len(numbers) <= n:
                numbers.append(numbers[-1] + numbers[-2])
            return numbers[n]
        """), ("fibonacci(10)", "55")),
    ("factorial", "returns the factorial of a number", ("""
        def factorial(n):
            if n <= 1:
                return 1
            return n * factorial(n - 1)
        """, """
        def factorial(n):
            result = 1
            for i in range(2, n + 1):
                result *= i
            return result
        """, """
        def factorial(n):
            result = 1
            while n > 1:
                result *= n
                n -= 1
            return result
        """), ("factorial(5)", "120")),
    ("is_even", "tells whether a number is even", ("""
        def is_even(n):
            return n % 2 == 0
        """, """
        def is_even(number):
            if number % 2 == 0:
                return True
            return False
        """), ("is_even(4)", "True")),
    ("is_odd", "tells whether a number is odd", ("""
        def is_odd(n):
            return n % 2 == 1
        """, """
        def is_odd(number):
            return number % 2 != 0
        """), ("is_odd(4)", "False")),
    ("greet", "greets somebody by name", ("""
        def greet(name):
            return "Hello, " + name + "!"
        """, """
        def greet(name):
            return f"Hello, {name}!"
        """), ("greet('Anna')", "Hello, Anna!")),
    ("add", "adds two numbers", ("""
        def add(a, b):
            return a + b
        """, """
        def add(x, y):
            return x + y
        """), ("add(2, 3)", "5")),
    ("square", "returns the square of a number", ("""
        def square(x):
            return x * x
        """, """
        def square(n):
            return n ** 2
        """), ("square(7)", "49")),
    ("maximum", "returns the largest of some numbers", ("""
        def maximum(numbers):
            largest = numbers[0]
            for number in numbers:
                if number > largest:
                    largest = number
            return largest
        """, """
        def maximum(values):
            best = values[0]
            for value in values[1:]:
                if value > best:
                    best = value
            return best
        """), ("maximum([3, 9, 4])", "9")),
    ("minimum", "returns the smallest of some numbers", ("""
        def minimum(numbers):
            smallest = numbers[0]
            for number in numbers:
                if number < smallest:
                    smallest = number
            return smallest
        """,), ("minimum([3, 9, 4])", "3")),
    ("average", "returns the average of some numbers", ("""
        def average(numbers):
            return sum(numbers) / len(numbers)
        """, """
        def average(numbers):
            total = 0
            for number in numbers:
                total += number
            return total / len(numbers)
        """), ("average([2, 4, 6])", "4.0")),
    ("total", "adds all the numbers of a list", ("""
        def total(numbers):
            result = 0
            for number in numbers:
                result += number
            return result
        """, """
        def total(numbers):
            return sum(numbers)
        """), ("total([1, 2, 3])", "6")),
    ("count_words", "counts the words of a text", ("""
        def count_words(text):
            return len(text.split())
        """, """
        def count_words(text):
            words = text.split()
            return len(words)
        """), ("count_words('the cat sleeps')", "3")),
    ("reverse", "turns a text around", ("""
        def reverse(text):
            return text[::-1]
        """, """
        def reverse(text):
            result = ""
            for letter in text:
                result = letter + result
            return result
        """), ("reverse('abc')", "cba")),
    ("is_prime", "tells whether a number is prime", ("""
        def is_prime(n):
            if n < 2:
                return False
            for i in range(2, n):
                if n % i == 0:
                    return False
            return True
        """, """
        def is_prime(n):
            if n < 2:
                return False
            i = 2
            while i * i <= n:
                if n % i == 0:
                    return False
                i += 1
            return True
        """), ("is_prime(13)", "True")),
    ("gcd", "returns the greatest common divisor of two numbers", ("""
        def gcd(a, b):
            while b:
                a, b = b, a % b
            return a
        """, """
        def gcd(a, b):
            if b == 0:
                return a
            return gcd(b, a % b)
        """), ("gcd(12, 18)", "6")),
    ("to_fahrenheit", "turns degrees Celsius into degrees Fahrenheit", ("""
        def to_fahrenheit(celsius):
            return celsius * 9 / 5 + 32
        """,), ("to_fahrenheit(100)", "212.0")),
    ("count_vowels", "counts the vowels of a word", ("""
        def count_vowels(word):
            count = 0
            for letter in word.lower():
                if letter in "aeiou":
                    count += 1
            return count
        """, """
        def count_vowels(word):
            return sum(1 for letter in word.lower() if letter in "aeiou")
        """), ("count_vowels('banana')", "3")),
    ("is_palindrome", "tells whether a word reads the same from both ends", ("""
        def is_palindrome(word):
            return word == word[::-1]
        """, """
        def is_palindrome(word):
            word = word.lower()
            return word == word[::-1]
        """), ("is_palindrome('level')", "True")),
    ("power", "raises a number to a power", ("""
        def power(base, exponent):
            result = 1
            for _ in range(exponent):
                result *= base
            return result
        """, """
        def power(base, exponent):
            return base ** exponent
        """), ("power(2, 8)", "256")),
    ("area", "returns the area of a rectangle", ("""
        def area(width, height):
            return width * height
        """,), ("area(3, 4)", "12")),
    ("countdown", "counts down from a number to zero", ("""
        def countdown(n):
            numbers = []
            while n >= 0:
                numbers.append(n)
                n -= 1
            return numbers
        """, """
        def countdown(n):
            return list(range(n, -1, -1))
        """), ("countdown(3)", "[3, 2, 1, 0]")),
    ("absolute", "returns a number without its sign", ("""
        def absolute(x):
            if x < 0:
                return -x
            return x
        """,), ("absolute(-5)", "5")),
    ("evens", "keeps only the even numbers of a list", ("""
        def evens(numbers):
            return [n for n in numbers if n % 2 == 0]
        """, """
        def evens(numbers):
            result = []
            for n in numbers:
                if n % 2 == 0:
                    result.append(n)
            return result
        """), ("evens([1, 2, 3, 4])", "[2, 4]")),
    ("fizzbuzz", "says fizz, buzz or the number", ("""
        def fizzbuzz(n):
            if n % 15 == 0:
                return "fizzbuzz"
            if n % 3 == 0:
                return "fizz"
            if n % 5 == 0:
                return "buzz"
            return str(n)
        """,), ("fizzbuzz(9)", "fizz")),
)
