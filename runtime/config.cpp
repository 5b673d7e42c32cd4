#include "runtime/config.hpp"

#include <algorithm>
#include <charconv>

#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"

namespace flok {

namespace {

/// Ends the reading; caught in `parse_config`, never leaves this file.
struct refusal {
  error why;
};

using members = std::vector<json::member>;

/// Reads values, and says where one is wrong.
class reader {
public:
  explicit reader(std::string_view file) : file_{file} {}

  [[noreturn]] void refuse(const std::string& path, const std::string& why) const {
    std::string where{file_};
    if (!path.empty())
      where += ": " + path;
    throw refusal{{errc::bad_config, where + ": " + why}};
  }

  members object(std::string_view text, const std::string& path,
                 std::initializer_list<std::string_view> known) const {
    if (json::kind_of(text) != json::kind::object)
      refuse(path, "an object was expected");
    auto parts = json::members(text);
    if (!parts)
      refuse(path, parts.error().message);
    for (auto m = parts->begin(); m != parts->end(); ++m) {
      if (std::find(known.begin(), known.end(), m->key) == known.end())
        refuse(path + "/" + m->key, "unknown field; known are " + listed(known));
      if (std::any_of(parts->begin(), m, [&](const auto& o) { return o.key == m->key; }))
        refuse(path + "/" + m->key, "given twice");
    }
    return std::move(*parts);
  }

  std::string string(std::string_view text, const std::string& path) const {
    if (json::kind_of(text) != json::kind::string)
      refuse(path, "a string was expected");
    auto value = json::string_value(text);
    if (!value)
      refuse(path, value.error().message);
    if (value->empty())
      refuse(path, "must not be empty");
    return std::move(*value);
  }

  std::uint64_t number(std::string_view text, const std::string& path,
                       std::uint64_t most) const {
    std::uint64_t n = 0;
    const auto done = std::from_chars(text.data(), text.data() + text.size(), n);
    if (done.ec != std::errc{} || done.ptr != text.data() + text.size() || n == 0 ||
        n > most)
      refuse(path, "a whole number from 1 to " + std::to_string(most) + " was expected");
    return n;
  }

  bool boolean(std::string_view text, const std::string& path) const {
    if (text != "true" && text != "false")
      refuse(path, "true or false was expected");
    return text == "true";
  }

private:
  static std::string listed(std::initializer_list<std::string_view> names) {
    std::string out;
    for (const auto name : names) {
      out += out.empty() ? "" : ", ";
      out += name;
    }
    return out;
  }

  std::string_view file_;
};

pager_config read_pager(const reader& in, std::string_view text, const std::string& path) {
  pager_config p;
  for (const auto& m : in.object(text, path, {"name", "namespace", "options"})) {
    if (m.key == "name")
      p.name = in.string(m.value, path + "/name");
    else if (m.key == "namespace")
      p.ns = in.string(m.value, path + "/namespace");
    else if (json::kind_of(m.value) != json::kind::object)
      in.refuse(path + "/options", "an object was expected");
    else
      p.options = m.value;
  }
  json::to_one_line(p.options.data(), p.options.data() + p.options.size());
  if (p.name.empty())
    in.refuse(path + "/name", "missing");
  if (p.ns.empty())
    in.refuse(path + "/namespace", "missing");
  return p;
}

std::vector<pager_config> read_pagers(const reader& in, std::string_view text) {
  if (json::kind_of(text) != json::kind::array)
    in.refuse("/pagers", "an array was expected");
  auto parts = json::elements(text);
  if (!parts)
    in.refuse("/pagers", parts.error().message);
  std::vector<pager_config> pagers;
  for (const auto& part : *parts)
    pagers.push_back(read_pager(in, part, "/pagers/" + std::to_string(pagers.size())));
  return pagers;
}

pageout_config read_pageout(const reader& in, std::string_view text) {
  pageout_config p;
  for (const auto& m : in.object(text, "/pageout", {"interval_ms", "max_dirty"})) {
    if (m.key == "interval_ms")
      p.interval_ms = in.number(m.value, "/pageout/interval_ms", limits::interval_ms_max);
    else
      p.max_dirty = in.number(m.value, "/pageout/max_dirty", limits::max_dirty_max);
  }
  return p;
}

cache_config read_cache(const reader& in, std::string_view text) {
  cache_config c;
  for (const auto& m : in.object(text, "/cache", {"max_bytes"}))
    c.max_bytes = in.number(m.value, "/cache/max_bytes", limits::cache_bytes_max);
  return c;
}

listen_config read_listen(const reader& in, std::string_view text) {
  listen_config l;
  for (const auto& m : in.object(text, "/listen", {"unix"}))
    l.unix_path = in.string(m.value, "/listen/unix");
  if (l.unix_path.empty())
    in.refuse("/listen/unix", "missing");
  return l;
}

metrics_config read_metrics(const reader& in, std::string_view text) {
  metrics_config m;
  for (const auto& field : in.object(text, "/metrics", {"listen"}))
    m.listen = in.string(field.value, "/metrics/listen");
  if (m.listen.empty())
    in.refuse("/metrics/listen", "missing");
  return m;
}

config read_all(const reader& in, std::string_view text) {
  config c;
  if (json::kind_of(text) != json::kind::object)
    in.refuse("", "not a JSON object");
  for (const auto& m :
       in.object(text, "",
                 {"pagers", "storage", "pageout", "cache", "listen", "metrics", "debug"})) {
    if (m.key == "pagers") {
      c.pagers = read_pagers(in, m.value);
    } else if (m.key == "pageout") {
      c.pageout = read_pageout(in, m.value);
    } else if (m.key == "cache") {
      c.cache = read_cache(in, m.value);
    } else if (m.key == "listen") {
      c.listen = read_listen(in, m.value);
    } else if (m.key == "metrics") {
      c.metrics = read_metrics(in, m.value);
    } else if (m.key == "debug") {
      c.debug = in.boolean(m.value, "/debug");
    } else {
      for (const auto& s : in.object(m.value, "/storage", {"path"}))
        c.storage_path = in.string(s.value, "/storage/path");
    }
  }
  return c;
}

std::string names(std::span<const pager_kind> kinds, bool debug) {
  std::string out;
  for (const auto& k : kinds)
    if (debug || !k.debug_only)
      out += (out.empty() ? "" : ", ") + k.name;
  return out;
}

void check_pager(const reader& in, const config& c, std::size_t at,
                 std::span<const pager_kind> known) {
  const auto& p = c.pagers[at];
  const std::string path = "/pagers/" + std::to_string(at);
  const auto kind = std::find_if(known.begin(), known.end(),
                                 [&](const auto& k) { return k.name == p.name; });
  if (kind == known.end())
    in.refuse(path + "/name", "no pager is called " + json::quoted(p.name) +
                                  "; there are " + names(known, c.debug));
  if (kind->debug_only && !c.debug)
    in.refuse(path + "/name", json::quoted(p.name) + " is there only where debug is true");
  if (p.ns.empty() || p.ns.size() > limits::namespace_bytes)
    in.refuse(path + "/namespace",
              "1 to " + std::to_string(limits::namespace_bytes) + " bytes were expected");
  if (!json::is_utf8(p.ns))
    in.refuse(path + "/namespace", "not valid UTF-8");
  if (!json::members(p.options))
    in.refuse(path + "/options", "an object was expected");
  if (kind->check)
    if (auto ok = kind->check(p.options); !ok)
      in.refuse(path + "/options", ok.error().message);
  for (std::size_t i = 0; i < at; ++i)
    if (c.pagers[i].ns == p.ns)
      in.refuse(path + "/namespace", json::quoted(p.ns) + " is already taken");
}

void check_listen(const reader& in, const listen_config& l) {
  const auto& path = l.unix_path;
  if (path.empty() || path.find('\0') != std::string::npos)
    in.refuse("/listen/unix",
              path.empty() ? "must not be empty" : "no path holds a zero byte");
  if (path.size() > limits::socket_path_bytes)
    in.refuse("/listen/unix", "a socket's path has at most " +
                                  std::to_string(limits::socket_path_bytes) +
                                  " bytes; this one has " + std::to_string(path.size()));
}

/// Whether it reads as an address and a port. Names are not looked up.
bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return false;
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto done = std::from_chars(port.data(), port.data() + port.size(), number);
  if (done.ec != std::errc{} || done.ptr != port.data() + port.size())
    return false;
  if (host.front() != '[')
    return host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host.size() > 2 && host.back() == ']' &&
         host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
             std::string_view::npos;
}

void check_all(const reader& in, const config& c, std::span<const pager_kind> known) {
  if (c.pagers.empty())
    in.refuse("/pagers", "at least one pager is needed");
  for (std::size_t i = 0; i < c.pagers.size(); ++i)
    check_pager(in, c, i, known);
  if (c.storage_path && c.storage_path->find('\0') != std::string::npos)
    in.refuse("/storage/path", "no path holds a zero byte");
  if (c.listen)
    check_listen(in, *c.listen);
  if (!c.metrics.listen.empty() && !is_address(c.metrics.listen))
    in.refuse("/metrics/listen", "an address and a port, such as \"127.0.0.1:9464\", were "
                                 "expected");
  const auto range = [&](std::uint64_t n, std::uint64_t most, const char* path) {
    if (n == 0 || n > most)
      in.refuse(path, "a whole number from 1 to " + std::to_string(most) + " was expected");
  };
  range(c.pageout.interval_ms, limits::interval_ms_max, "/pageout/interval_ms");
  range(c.pageout.max_dirty, limits::max_dirty_max, "/pageout/max_dirty");
  if (c.cache.max_bytes != 0)
    range(c.cache.max_bytes, limits::cache_bytes_max, "/cache/max_bytes");
}

} // namespace

expected<config> parse_config(std::string_view text, std::string_view file,
                              std::span<const pager_kind> known) {
  const reader in{file};
  try {
    auto c = read_all(in, text);
    check_all(in, c, known);
    return c;
  } catch (const refusal& r) {
    return failure(r.why);
  }
}

expected<void> check_config(const config& c, std::string_view file,
                            std::span<const pager_kind> known) {
  try {
    check_all(reader{file}, c, known);
    return {};
  } catch (const refusal& r) {
    return failure(r.why);
  }
}

} // namespace flok
