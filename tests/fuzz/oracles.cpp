#include "tests/fuzz/oracles.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/limits.hpp"

namespace flok::fuzz {

namespace {

using kind = tree::kind;

const tree* only(const tree& t, std::string_view key) {
  const auto found = t.all(key);
  return found.size() == 1 ? found[0] : nullptr;
}

bool is_string(const tree* t) { return t != nullptr && t->what == kind::string; }
bool is_name(const tree* t) { return is_string(t) && !t->text.empty(); }

bool is_pointer(const tree& page, std::string_view field) {
  const auto* pointer = only(page, field);
  return page.all(field).empty() || is_name(pointer) ||
         (pointer != nullptr && pointer->what == kind::null);
}

bool are_entries(const tree& entries, bool by_key) {
  if (entries.what != (by_key ? kind::object : kind::array))
    return false;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < entries.elements.size(); ++i) {
    const auto& e = entries.elements[i];
    if (e.what != kind::object || !(e.all("_sig").empty() || is_string(only(e, "_sig"))))
      return false;
    if (!by_key && !is_name(only(e, "_id")))
      return false;
    if (!names.insert(by_key ? entries.keys[i] : only(e, "_id")->text).second)
      return false;
  }
  return true;
}

/// CRC-32 with zlib's polynomial, bit by bit.
std::uint32_t plain_crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

std::uint32_t plain_hash(const page& p) {
  std::string covered{p.head().value_or("")};
  covered += p.next().value_or("");
  covered += p.prev().value_or("");
  covered += p.id();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p.kind() == page_kind::array)
      covered += p.entry(i).signature;
    else
      sum += plain_crc32(p.entry(i).signature);
  }
  if (p.kind() == page_kind::hash)
    covered += std::to_string(sum);
  return plain_crc32(covered);
}

void check_entries(const page& p) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto e = p.entry(i);
    require(p.find(e.name) == i, "an entry is found by its name");
    const auto opinion = testing::parse(e.text);
    if (opinion.out_of_range)
      continue;
    require(opinion.value && opinion.value->what == kind::object, "an entry is an object");
    const auto* signature = only(*opinion.value, "_sig");
    require(is_string(signature) && signature->text == e.signature,
            "an entry's text holds its signature");
  }
}

void check_again(const page& p, const std::string& json, checked known) {
  const auto again = decode_page(json, known);
  require(again.has_value(), "a page that was printed is read back");
  require((*again)->json() == json, "and is printed as before, byte for byte");
  require((*again)->hash() == p.hash(), "and has the same hash");
  require((*again)->unmodified(p) && p.unmodified(**again), "and is unmodified");
}

constexpr std::string_view texts[] = {
    R"({"_id":"p","_type":"array","entries":[{"_id":"a","_sig":"1"},{"_id":"b","n":1}]})",
    R"({"_id":"p","_type":"hash","_next":"n","entries":{"k":{"_sig":"1"},"\u006c":{"n": 1E2}}})",
    R"({"_id":"p","_type":"array","_head":"h","entries":[]})",
    R"({"_id":"p","_type":"hash","_prev":"q","entries":{}})",
    R"({"_id":"p","_type":"array","entries":[{"n":1 , "_id":"\u0061","n":2,"_sig":"\u0073"}]})",
};
constexpr std::size_t many_entries =
    40; // enough for a draft to index them, and for several levels of a tree

std::string many(bool by_key) {
  std::string text = by_key ? R"({"_id":"m","_type":"hash","entries":{)"
                            : R"({"_id":"m","_type":"array","entries":[)";
  for (std::size_t i = 0; i < many_entries; ++i) {
    const auto name = '"' + std::to_string(i) + '"';
    text += i == 0 ? "" : ",";
    text += by_key ? name + ":{}" : R"({"_id":)" + name + "}";
  }
  return text + (by_key ? "}}" : "]}");
}

std::vector<page_ptr> make_bases() {
  std::vector<page_ptr> pages;
  for (const auto text : texts)
    pages.push_back(decode_page(text).value());
  pages.push_back(decode_page(many(false)).value());
  pages.push_back(decode_page(many(true)).value());
  return pages;
}

} // namespace

void require(bool holds, std::string_view what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

std::size_t depth_of(const tree& t) {
  if (t.what != kind::array && t.what != kind::object)
    return 0;
  std::size_t most = 0;
  for (const auto& e : t.elements)
    most = std::max(most, depth_of(e));
  return most + 1;
}

bool unique_keys(const tree& object) {
  return std::set<std::string_view>{object.keys.begin(), object.keys.end()}.size() ==
         object.keys.size();
}

bool is_page(const tree& t) {
  static const std::set<std::string_view> known = {"_id",   "_type", "_head",  "_next",
                                                   "_prev", "_hash", "entries"};
  if (t.what != kind::object || depth_of(t) > limits::depth || !unique_keys(t))
    return false;
  const auto* id = only(t, "_id");
  const auto* type = only(t, "_type");
  const auto* entries = only(t, "entries");
  return std::all_of(t.keys.begin(), t.keys.end(),
                     [](const auto& key) { return known.contains(key); }) &&
         is_name(id) && id->text.size() <= limits::id_bytes && is_string(type) &&
         (type->text == "array" || type->text == "hash") && is_pointer(t, "_head") &&
         is_pointer(t, "_next") && is_pointer(t, "_prev") && entries != nullptr &&
         are_entries(*entries, type->text == "hash");
}

void check_page(const page& p) {
  constexpr std::size_t few = 128;
  const auto json = p.json();
  require(json.find_first_of("\r\n") == std::string::npos, "a page is printed on one line");
  require(json.size() <= p.json_bytes_bound() && p.json_bytes_bound() <= json.size() + few,
          "a page's size is bounded, and closely");
  require(p.used_bytes() <= p.kept_alive_bytes(), "what is used is kept alive");
  require(p.kept_alive_bytes() <= limits::kept_alive_factor * p.used_bytes(),
          "not much more is kept alive than used");
  require(p.kept_alive_bytes() < p.memory_bytes(), "what is kept alive is counted");
  require(p.hash() == plain_hash(p), "a page's hash is the design's");
  check_entries(p);
  for (const auto known : {checked::nothing, checked::grammar})
    check_again(p, json, known);
}

void check_page_against(const page& p, const tree& text) {
  const auto same = [&](std::optional<std::string_view> mine, std::string_view field) {
    const auto* theirs = only(text, field);
    require(mine ? is_string(theirs) && theirs->text == *mine : !is_string(theirs),
            "a pointer is the text's");
  };
  same(p.head(), "_head");
  same(p.next(), "_next");
  same(p.prev(), "_prev");
  require(p.id() == only(text, "_id")->text, "the id is the text's");
  require(to_string(p.kind()) == only(text, "_type")->text, "the type is the text's");
  const auto& entries = *only(text, "entries");
  require(p.size() == entries.elements.size(), "there are as many entries");
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto& theirs = entries.elements[i];
    const auto mine = p.entry(i);
    const auto* signature = only(theirs, "_sig");
    require(mine.name ==
                (p.kind() == page_kind::hash ? entries.keys[i] : only(theirs, "_id")->text),
            "an entry's name is the text's");
    require(mine.signature == (signature != nullptr
                                   ? signature->text
                                   : json::signature(mine.text).value_or("none")),
            "an entry's signature is the text's, or follows from it");
  }
}

page_ptr base_page(std::size_t which) {
  static const auto bases = make_bases();
  return bases[which % bases.size()];
}

nlohmann::json value_of(std::string_view json) { return nlohmann::json::parse(json); }

std::string one_line(std::string_view text) {
  std::string line{text};
  for (auto& c : line)
    if (c == '\r' || c == '\n')
      c = ' ';
  return line;
}

} // namespace flok::fuzz
