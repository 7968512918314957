// JSON schemas as grammars.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "constrain/json_grammar.h"
#include "constrain/schema_document.h"

namespace cellm {

// Compiles one schema of a document. The document must outlive it.
class SchemaCompiler {
 public:
  explicit SchemaCompiler(SchemaDocument& document, int nesting = 0)
      : document_(document), json_(builder_), nesting_(nesting) {}

  Grammar compile(const SchemaAt& root);

 private:
  struct Waiting {
    std::uint32_t rule;
    SchemaAt at;
  };

  std::uint32_t append(std::uint32_t from, const SchemaAt& at, std::size_t depth);
  std::uint32_t append_plain(std::uint32_t from, const SchemaAt& at, std::size_t depth);
  std::uint32_t append_choices(std::uint32_t from, const SchemaAt& at, const char* keyword,
                               std::size_t depth);
  std::uint32_t append_values(std::uint32_t from, const SchemaAt& at);
  std::uint32_t append_types(std::uint32_t from, const SchemaAt& at, std::size_t depth);
  std::uint32_t append_type(std::uint32_t from, const SchemaAt& at, const std::string& type,
                            std::size_t depth);
  std::uint32_t append_string(std::uint32_t from, const SchemaAt& at);
  std::uint32_t append_number(std::uint32_t from, const SchemaAt& at, bool integer);
  std::uint32_t append_object(std::uint32_t from, const SchemaAt& at, std::size_t depth);
  std::uint32_t append_array(std::uint32_t from, const SchemaAt& at, std::size_t depth);
  AppendValue value_of(const SchemaAt& at, std::size_t depth);
  std::uint32_t rule_of(const std::string& key, const SchemaAt& at);
  std::uint32_t call_expanded(std::uint32_t from, Schema expanded, const std::string& pointer);
  void require_disjoint(const std::vector<Schema>& choices, const SchemaAt& at);
  bool disjoint(const Schema& a, const Schema& b, const SchemaAt& at);

  SchemaDocument& document_;
  GrammarBuilder builder_;
  JsonGrammar json_;
  std::map<std::string, std::uint32_t> rules_;  // by pointer, or by the text of an expanded schema
  std::vector<Waiting> waiting_;                // rules without a text yet
  std::list<Schema> made_;                      // schemas that are not part of the document
  int nesting_;
};

}  // namespace cellm
