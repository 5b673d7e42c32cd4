// Configurations: accepted exactly where the rules say so, read as what they say, and
// refused with the file's name.
#include <array>
#include <set>

#include "runtime/codec_json.hpp"
#include "runtime/config.hpp"
#include "tests/fuzz/oracles.hpp"

using namespace flok;
using namespace flok::fuzz;
using value = nlohmann::json;

namespace {

const std::array<pager_kind, 6> kinds = {{{"mem", false},
                                          {"mem0", false},
                                          {"mem1", false},
                                          {"mem2", false},
                                          {"spec", true},
                                          {"spec0", true}}};

using names = std::set<std::string_view>;

bool only_has(const value& object, const names& fields) {
  if (!object.is_object())
    return false;
  for (const auto& member : object.items())
    if (!fields.contains(member.key()))
      return false;
  return true;
}

bool is_text(const value& object, const char* field) {
  return object.contains(field) && object[field].is_string() &&
         !object[field].get_ref<const std::string&>().empty();
}

bool is_number(const value& object, const char* field, std::uint64_t most) {
  if (!object.contains(field))
    return true;
  const auto& n = object[field];
  return n.is_number_unsigned() && n.get<std::uint64_t>() != 0 &&
         n.get<std::uint64_t>() <= most;
}

bool is_pager(const value& pager, bool debug, std::set<std::string>& taken) {
  if (!only_has(pager, {"name", "namespace", "options"}) || !is_text(pager, "name") ||
      !is_text(pager, "namespace") || !pager.value("options", value::object()).is_object())
    return false;
  const auto ns = pager["namespace"].get<std::string>();
  for (const auto& k : kinds)
    if (k.name == pager["name"] && (debug || !k.debug_only))
      return ns.size() <= limits::namespace_bytes && taken.insert(ns).second;
  return false;
}

bool is_listen(const value& listen) {
  if (!only_has(listen, {"unix"}) || !is_text(listen, "unix"))
    return false;
  const auto path = listen["unix"].get<std::string>();
  return path.size() <= limits::socket_path_bytes && path.find('\0') == std::string::npos;
}

bool is_config(const value& c) {
  if (!only_has(c, {"pagers", "storage", "pageout", "cache", "listen", "debug"}) ||
      !c.contains("pagers") || !c["pagers"].is_array() || c["pagers"].empty())
    return false;
  const auto debug = c.contains("debug") ? c["debug"] : value(false);
  if (!debug.is_boolean())
    return false;
  std::set<std::string> taken;
  for (const auto& pager : c["pagers"])
    if (!is_pager(pager, debug.get<bool>(), taken))
      return false;
  const auto storage = c.contains("storage") ? c["storage"] : value::object();
  if (!only_has(storage, {"path"}) || (!storage.empty() && !is_text(storage, "path")))
    return false;
  if (!storage.empty() &&
      storage["path"].get<std::string>().find('\0') != std::string::npos)
    return false;
  const auto cache = c.contains("cache") ? c["cache"] : value::object();
  if (!only_has(cache, {"max_bytes"}) ||
      !is_number(cache, "max_bytes", limits::cache_bytes_max))
    return false;
  if (c.contains("listen") && !is_listen(c["listen"]))
    return false;
  const auto pageout = c.contains("pageout") ? c["pageout"] : value::object();
  return only_has(pageout, {"interval_ms", "max_dirty"}) &&
         is_number(pageout, "interval_ms", limits::interval_ms_max) &&
         is_number(pageout, "max_dirty", limits::max_dirty_max);
}

/// Whether a field stands twice; within options that is no business of the configuration's.
bool gives_twice(const tree& c) {
  bool twice = !unique_keys(c);
  for (const char* field : {"storage", "pageout", "cache", "listen"})
    for (const auto* part : c.all(field))
      twice = twice || !unique_keys(*part);
  for (const auto* pagers : c.all("pagers"))
    for (const auto& pager : pagers->elements)
      twice = twice || !unique_keys(pager);
  return twice;
}

void check_accepted(const config& c, const value& text) {
  require(c.pagers.size() == text["pagers"].size(), "there are as many pagers");
  for (std::size_t i = 0; i < c.pagers.size(); ++i) {
    const auto& theirs = text["pagers"][i];
    const auto& mine = c.pagers[i];
    require(mine.name == theirs["name"] && mine.ns == theirs["namespace"],
            "a pager's names are the text's");
    require(value_of(mine.options) == theirs.value("options", value::object()),
            "a pager's options are the text's");
    require(mine.options.find_first_of("\r\n") == std::string::npos,
            "a pager's options are one line");
  }
  const auto pageout = text.value("pageout", value::object());
  require(
      c.debug == text.value("debug", false) &&
          c.pageout.interval_ms ==
              pageout.value("interval_ms", limits::interval_ms_default) &&
          c.pageout.max_dirty == pageout.value("max_dirty", limits::max_dirty_default) &&
          c.cache.max_bytes ==
              text.value("cache", value::object()).value("max_bytes", std::uint64_t{0}) &&
          (c.listen ? c.listen->unix_path : "") ==
              text.value("listen", value::object()).value("unix", std::string{}) &&
          c.storage_path.value_or("") ==
              text.value("storage", value::object()).value("path", std::string{}),
      "all else is the text's, or what stands for it");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = text_of(data, size);
  const auto c = parse_config(text, "services.json", kinds);
  if (c) {
    require(check_config(*c, "services.json", kinds).has_value(),
            "what was accepted passes as made in a program");
  } else {
    require(c.error().code == errc::bad_config &&
                c.error().message.starts_with("services.json: "),
            "a refusal names the file");
    require(json::is_utf8(c.error().message), "a refusal can be printed");
  }
  const auto opinion = testing::parse(text);
  if (opinion.out_of_range)
    return 0;
  const bool nests = opinion.value && depth_of(*opinion.value) > limits::line_depth;
  const auto read = opinion.value ? value_of(text) : value();
  require(c.has_value() ==
              (opinion.value && !nests && !gives_twice(*opinion.value) && is_config(read)),
          "a text is a configuration exactly where the rules say so");
  if (c)
    check_accepted(*c, read);
  return 0;
}
