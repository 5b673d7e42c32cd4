#include <algorithm>
#include <vector>

#include "runtime/codec_json.hpp"
#include "runtime/codec_walk.hpp"
#include "runtime/hash.hpp"
#include "runtime/json_text.hpp"

namespace flok::json {

using namespace detail;

namespace {

simdjson::error_code append_value(std::string& out, ondemand::value v);

simdjson::error_code append_object(std::string& out, ondemand::object object,
                                   std::string_view without) {
  struct part {
    std::string key;
    std::string text;
  };
  std::vector<part> parts;
  for (auto field : object) {
    std::string_view key;
    if (auto e = field.unescaped_key().get(key))
      return e;
    if (!without.empty() && key == without)
      continue;
    auto& p = parts.emplace_back(part{std::string{key}, {}});
    ondemand::value value;
    if (auto e = field.value().get(value))
      return e;
    if (auto e = append_value(p.text, value))
      return e;
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const part& a, const part& b) { return a.key < b.key; });
  out += '{';
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0)
      out += ',';
    append_string(out, parts[i].key);
    out += ':';
    out += parts[i].text;
  }
  out += '}';
  return simdjson::SUCCESS;
}

simdjson::error_code append_array(std::string& out, ondemand::array array) {
  out += '[';
  bool first = true;
  for (auto element : array) {
    if (!first)
      out += ',';
    first = false;
    ondemand::value value;
    if (auto e = element.get(value))
      return e;
    if (auto e = append_value(out, value))
      return e;
  }
  out += ']';
  return simdjson::SUCCESS;
}

simdjson::error_code append_value(std::string& out, ondemand::value v) {
  ondemand::json_type type{};
  if (auto e = v.type().get(type))
    return e;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (auto e = v.get_object().get(object))
      return e;
    return append_object(out, object, {});
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (auto e = v.get_array().get(array))
      return e;
    return append_array(out, array);
  }
  if (type == ondemand::json_type::string) {
    std::string_view text;
    if (auto e = v.get_string().get(text))
      return e;
    append_string(out, text);
    return simdjson::SUCCESS;
  }
  out += trimmed(v.raw_json_token());
  return simdjson::SUCCESS;
}

} // namespace

expected<std::string> canonical(std::string_view text, std::string_view without) {
  scratch_lease lease;
  ondemand::document doc;
  ondemand::object object;
  auto e = lease.start(text, doc);
  if (!e)
    e = doc.get_object().get(object);
  std::string out;
  out.reserve(text.size());
  if (!e)
    e = append_object(out, object, without);
  if (e)
    return failure(to_error(e, errc::bad_request));
  return out;
}

expected<std::string> signature(std::string_view entry) {
  return canonical(entry, "_sig").map([](const std::string& c) {
    return signature_text(c);
  });
}

} // namespace flok::json
