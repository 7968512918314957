#include "chat/template.h"

#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "chat/limits.h"

namespace cellm::chat {
namespace {

using Json = nlohmann::ordered_json;

std::string render(std::string_view source, const Json& variables = Json::object()) {
  return Template(source, "t").render(variables).bytes();
}

struct Failure {
  ErrorKind kind;
  std::string message;
};

Failure failure_of(std::string_view source, const Json& variables = Json::object()) {
  try {
    render(source, variables);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  return {ErrorKind::kOther, "no error"};
}

void expect_failure(std::string_view source, ErrorKind kind, std::string_view part,
                    const Json& variables = Json::object()) {
  const Failure failure = failure_of(source, variables);
  EXPECT_EQ(failure.kind, kind) << source << ": " << failure.message;
  EXPECT_NE(failure.message.find(part), std::string::npos) << source << ": " << failure.message;
}

// Pieces as "t:text|u:text".
std::string pieces(const Text& text) {
  std::string all;
  std::size_t begin = 0;
  for (const Text::Run& run : text.runs()) {
    constexpr std::string_view kLetters = "tau";
    all += fmt::format("{}{}:{}", all.empty() ? "" : "|",
                       kLetters[static_cast<std::size_t>(run.origin)],
                       text.bytes().substr(begin, run.end - begin));
    begin = run.end;
  }
  return all;
}

std::string pieces_of(std::string_view source, const Json& variables) {
  return pieces(Template(source, "t").render(variables));
}

// Spellings that Python has and C++ has not.
TEST(Template, NumbersAndLettersAreThoseOfPython) {
  EXPECT_EQ(render("{{ '%#o|%#6o|%#06o|%-#6o|' % (8, 0, -8, 8) }}"), "0o10|   0o0|-0o010|0o10  |");
  EXPECT_EQ(render("{{ 0x_ff }} {{ 0o_17 }}"), "255 15");
  EXPECT_EQ(render("{{ 'ǅ aB'.swapcase() }}"), "ǅ Ab");
}

// The rest of the language is compared with jinja2 by tests/template_property_test.py.
TEST(Template, TellsWhoWroteWhat) {
  const Json variables = {
      {"bos_token", "<s>"},
      {"x", "<u>"},
      {"messages",
       {{{"role", "user"}, {"content", " Hi "}}, {{"role", "assistant"}, {"content", "Yes"}}}}};
  EXPECT_EQ(pieces_of("{{ bos_token }}a{{ x }}b", variables), "t:<s>a|u:<u>|t:b");
  EXPECT_EQ(pieces_of("{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}{% endfor %}",
                      variables),
            "t:[|u:user|t:]|u:Hi|t:[|a:assistant|t:]|a:Yes");
  EXPECT_EQ(pieces_of("{{ ('a' + x ~ 'b').replace('b', x[1:]).upper() }}", variables),
            "t:A|u:<U>U>");
  EXPECT_EQ(pieces_of("{{ 'a,' ~ x ~ ',b' }}{{ ('1' ~ x).split('<')|join('-') }}", variables),
            "t:a,|u:<u>|t:,b1-|u:u>");
  EXPECT_EQ(pieces_of("{{ {'k': x, 'l': 'm'}|xmlattr }}", variables),
            R"(t: k="|u:&lt;u&gt;|t:" l="m")");
  EXPECT_EQ(pieces_of("{{ {'k': x}|tojson }}{{ {'k': x} }}", variables),
            "t:{\"k\": \"|u:<u>|t:\"}{'k': '|u:<u>|t:'}");
  EXPECT_EQ(pieces_of("{{ 'p%sq'|format(x) }}{{ 'p{}q'.format(x) }}", variables),
            "t:p|u:<u>|t:qp|u:<u>|t:q");
  EXPECT_EQ(pieces_of("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(x) }}{% set y %}{{ x }}!{% "
                      "endset %}{{ y }}",
                      variables),
            "t:<|u:<u>|t:>|u:<u>|t:!");
  EXPECT_EQ(pieces_of("{{ 'ab'|replace('a', x) }}{{ x|e }}{{ x|indent(2, true) }}", variables),
            "u:<u>|t:b|u:&lt;u&gt;|t:  |u:<u>");
  EXPECT_EQ(pieces_of("{{ strftime_now(x) }}{{ strftime_now('<s>') }}", variables), "u:<u>|t:<s>");
}

TEST(Template, NamesTheLineOfAnError) {
  expect_failure("a\n\n{{ x.y }}", ErrorKind::kData, "t: line 3: 'x' is undefined");
  expect_failure("{% if %}", ErrorKind::kData, "line 1: expected an expression");
  expect_failure("\n{% for a in b %}", ErrorKind::kData, "'{% endfor %}'");
  expect_failure("{{ 'a }}", ErrorKind::kData, "a string does not end");
  expect_failure("{{ a", ErrorKind::kData, "the tag does not end");
  expect_failure("{# a", ErrorKind::kData, "missing end of comment");
  expect_failure("{{ (1] }}", ErrorKind::kData, "unexpected ']', expected ')'");
  expect_failure("{{ $ }}", ErrorKind::kData, "unexpected character '$'");
  expect_failure("{% frob %}", ErrorKind::kData, "unknown statement 'frob'");
  expect_failure("{% break %}", ErrorKind::kData, "outside of a loop");
  expect_failure("{{ f() }}", ErrorKind::kData, "'f' is undefined");
  expect_failure("{{ 1 + 'a' }}", ErrorKind::kData, "'int' and 'str'");
  expect_failure("{{ 1 // 0 }}", ErrorKind::kData, "division by zero");
  expect_failure("{{ 9223372036854775807 + 1 }}", ErrorKind::kData, "64 bits");
  expect_failure("{{ [].append(1) }}", ErrorKind::kData, "unsafe");
  expect_failure("\n{{ raise_exception('no\nsystem') }}", ErrorKind::kUsage, "line 2: no");
  expect_failure("\xFF", ErrorKind::kData, "not valid UTF-8 at byte 0");
}

TEST(Template, RefusesWhatDoesNotExist) {
  expect_failure("{{ a|frob }}", ErrorKind::kUnsupported, "no filter named 'frob'");
  expect_failure("{{ a is frob }}", ErrorKind::kUnsupported, "no test named 'frob'");
  expect_failure("{% include 'a' %}", ErrorKind::kUnsupported, "cannot include other files");
  // Within an "if" the error waits until it is needed, as in jinja2.
  EXPECT_EQ(render("{% if false %}{{ a|frob }}{% endif %}"), "");
  expect_failure("{% if true %}{{ a|frob }}{% endif %}", ErrorKind::kUnsupported, "frob");
}

TEST(Template, BoundsItsWork) {
  const std::string deep(1000, '(');
  expect_failure("{{ " + deep + "1" + std::string(1000, ')') + " }}", ErrorKind::kData,
                 "nested too deeply");
  std::string sum = "{{ 1";
  for (int i = 0; i < 1000; ++i) sum += " + 1";
  expect_failure(sum + " }}", ErrorKind::kData, "nested too deeply");
  expect_failure("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", ErrorKind::kData,
                 "calls itself too deeply");
  expect_failure("{{ range(100001) }}", ErrorKind::kData, "more than 100000");
  expect_failure("{{ 'a' * 100000000 }}", ErrorKind::kData, "too long");
  expect_failure(
      "{% set ns = namespace(t='aaaaaaaa') %}{% for i in range(100) %}"
      "{% set ns.t = ns.t + ns.t %}{% endfor %}",
      ErrorKind::kData, "more than");
  expect_failure("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                 ErrorKind::kData, "too much work");
  expect_failure(
      "{% set ns = namespace(l=[]) %}{% for i in range(1000) %}"
      "{% set ns.l = [ns.l] %}{% endfor %}",
      ErrorKind::kData, "nested more than");
  expect_failure(
      "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}"
      "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == ns.l[:] }}{{ ns.l }}",
      ErrorKind::kData, "");
  expect_failure("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}", ErrorKind::kData,
                 "contains itself");
}

TEST(Template, BoundsTheWorkOfEveryFunctionOnALongText) {
  // Each of them takes milliseconds on such a text, and a loop calls them 99,999 times.
  for (const std::string_view expression :
       {"s.rpartition('b')", "s.startswith('a', 1)", "s.endswith(s)", "s.lstrip('a')",
        "s.strip('b' * 9999999 ~ 'a')", "s|trim('b' * 9999999 ~ 'a')", "s.removeprefix('a')",
        "s|int", "s|indent", "s is lower", "s % ()", "s.format()", "{}[s]", "{(s, 1): 1}",
        "s in {}", "[s]|unique|list", "{'k': s}|xmlattr", "{s: 1}|xmlattr"}) {
    expect_failure(fmt::format("{{% set s = 'a' * 20000000 %}}{{% for i in range(99999) %}}"
                               "{{% set x = {} %}}{{% endfor %}}",
                               expression),
                   ErrorKind::kData, "too much work");
  }
}

TEST(Template, BoundsTheWorkOfManyNames) {
  const auto many = [](std::string_view part) {
    std::string all;
    for (int i = 0; i < 60'000; ++i) all += fmt::format(fmt::runtime(part), i);
    return all;
  };
  // Looking up a variable does not depend on how many there are.
  EXPECT_EQ(render(many("{{% set a{0} = {0} %}}") + "{{ a59999 }}"), "59999");
  EXPECT_EQ(render("{% macro f(" + many("a{0}, ") + "z=1) %}{{ z }}{% endmacro %}{{ f() }}"), "1");
  expect_failure("{% set ns = namespace() %}" + many("{{% set ns.a{0} = 1 %}}"), ErrorKind::kData,
                 "too much work");
  expect_failure(
      "{% macro f(" + many("a{0}, ") + "z=1) %}{% endmacro %}{{ f(" + many("a{0}=1, ") + "z=2) }}",
      ErrorKind::kData, "too much work");
}

TEST(Template, SearchesHostileTextsInLinearTime) {
  // With a comparison of the whole part at each place, each line would take minutes.
  constexpr std::string_view kTexts =
      "{% set s = 'a' * 8000000 %}{% set part = 'a' * 4000000 ~ 'b' %}"
      "{% set mirrored = 'b' ~ 'a' * 4000000 %}";
  const auto with_texts = [&](std::string_view rest) {
    return render(fmt::format("{}{}", kTexts, rest));
  };
  EXPECT_EQ(with_texts("{{ s.find(part) }} {{ s.count(part) }} {{ part in s }}"), "-1 0 False");
  EXPECT_EQ(with_texts("{{ s.split(part)|length }} {{ s.partition(part)[0]|length }}"),
            "1 8000000");
  EXPECT_EQ(with_texts("{{ s.replace(part, '')|length }}"), "8000000");
  EXPECT_EQ(with_texts("{{ s.rfind(part) }} {{ s.rfind(mirrored) }}"), "-1 -1");
  EXPECT_EQ(with_texts("{{ s.rsplit(part)|length }} {{ s.rpartition(mirrored)[2]|length }}"),
            "1 8000000");
}

TEST(Template, SearchesAsPythonDoes) {
  EXPECT_EQ(
      render("{{ 'aXbXc'.rfind('X') }} {{ 'abc'.rfind('') }} {{ ''.find('') }} {{ ''.rfind('a') }} "
             "{{ 'aaaaa'.rsplit('aa') }} {{ 'aaaaa'.split('aa') }} {{ 'aXbXc'.rsplit('X', 1) }} "
             "{{ 'aXbXc'.rpartition('X') }} {{ 'abc'.find('c', 1) }} {{ 'abcabc'.rfind('abc', 1, "
             "5) }}"),
      "3 3 0 -1 ['a', '', ''] ['', '', 'a'] ['aXb', 'c'] ('aXb', 'X', 'c') 2 -1");
}

TEST(Template, DividesAsPythonDoes) {
  EXPECT_EQ(
      render(
          "{{ 5 % -2.5 }} {{ -5.0 % 2.5 }} {{ -0.0 // 1 }} {{ 0 // -2.5 }} {{ 1 // 0.1 }} "
          "{{ -1 // 0.1 }} {{ -2.5 // ('inf'|float) }} {{ -2.5 % ('inf'|float) }} {{ 7.5 % -2 }}"),
      "-0.0 0.0 -0.0 -0.0 9.0 -10.0 -1.0 inf -0.5");
}

TEST(Template, RoundsAsPythonDoes) {
  EXPECT_EQ(render("{{ 7|round(400, 'ceil') }} {{ (-0.0)|round(1, 'floor') }} "
                   "{{ (-2.5)|round(-3, 'ceil') }} {{ 1e300|round(-400) }} {{ 1.005|round(2) }}"),
            "7.0 0.0 0.0 0.0 1.0");
  for (const std::string_view wrong :
       {"1.5|round(400, 'ceil')", "1.5|round(-400, 'floor')", "('inf'|float)|round(0, 'ceil')"}) {
    expect_failure(fmt::format("{{{{ {} }}}}", wrong), ErrorKind::kData, "a number to round");
  }
}

TEST(Template, TakesTheTimeFromTheClock) {
  setenv("TZ", "UTC", 1);
  const Template dated("{{ strftime_now('%d %b %Y %H:%M') }}|{{ strftime_now('') }}", "t");
  EXPECT_EQ(dated.render(Json::object(), [] { return std::time_t{1772719629}; }).bytes(),
            "05 Mar 2026 14:07|");
}

TEST(Template, TakesJsonAsPythonDoes) {
  EXPECT_EQ(render("{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }}",
                   Json::parse(R"({"a":1.0,"b":true,"c":null,"d":[1e30,"x"],"e":{"k":-0.5},)"
                               R"("f":9223372036854775807})")),
            "1.0 True None [1e+30, 'x'] {'k': -0.5} 9223372036854775807");
  expect_failure("", ErrorKind::kUsage, "beyond 64 bits",
                 Json::parse(R"({"a":9223372036854775808})"));
  expect_failure("", ErrorKind::kUsage, "JSON object", Json::array());
}

}  // namespace
}  // namespace cellm::chat
