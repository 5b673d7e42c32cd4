#include "runtime/codec_walk.hpp"

#include <cstring>
#include <vector>

namespace flok::json::detail {

namespace {

constexpr std::size_t kept_scratch_bytes = std::size_t{1} << 20U;

thread_local std::vector<std::unique_ptr<scratch>> idle_scratch;

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

const char* digits(const char* p, const char* end) noexcept {
  while (p != end && is_digit(*p))
    ++p;
  return p;
}

/// RFC 8259, section 6. Any size and precision: numbers are kept as they are written.
bool is_number(std::string_view token) noexcept {
  const char* p = token.data();
  const char* end = p + token.size();
  if (p != end && *p == '-')
    ++p;
  if (p == end || !is_digit(*p))
    return false;
  p = *p == '0' ? p + 1 : digits(p, end);
  if (p != end && *p == '.') {
    const char* fraction = p + 1;
    p = digits(fraction, end);
    if (p == fraction)
      return false;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-'))
      ++p;
    const char* exponent = p;
    p = digits(exponent, end);
    if (p == exponent)
      return false;
  }
  return p == end;
}

simdjson::error_code check_object(ondemand::value v, std::size_t depth) {
  ondemand::object object;
  if (auto e = v.get_object().get(object))
    return e;
  for (auto field : object) {
    std::string_view key;
    if (auto e = field.unescaped_key().get(key))
      return e;
    ondemand::value child;
    if (auto e = field.value().get(child))
      return e;
    if (auto e = check(child, depth - 1))
      return e;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code check_array(ondemand::value v, std::size_t depth) {
  ondemand::array array;
  if (auto e = v.get_array().get(array))
    return e;
  for (auto element : array) {
    ondemand::value child;
    if (auto e = element.get(child))
      return e;
    if (auto e = check(child, depth - 1))
      return e;
  }
  return simdjson::SUCCESS;
}

} // namespace

scratch_lease::scratch_lease() {
  if (idle_scratch.empty()) {
    scratch_ = std::make_unique<scratch>();
  } else {
    scratch_ = std::move(idle_scratch.back());
    idle_scratch.pop_back();
  }
}

scratch_lease::~scratch_lease() {
  if (scratch_->capacity <= kept_scratch_bytes)
    idle_scratch.push_back(std::move(scratch_));
}

simdjson::error_code scratch_lease::start(std::string_view text, ondemand::document& doc) {
  // Some versions of simdjson skip a byte order mark, others refuse it: flok refuses it.
  if (text.starts_with("\xef\xbb\xbf"))
    return simdjson::TAPE_ERROR;
  const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
  if (scratch_->capacity < needed) {
    scratch_->bytes = std::make_unique_for_overwrite<char[]>(needed * 2);
    scratch_->capacity = needed * 2;
  }
  if (!text.empty())
    std::memcpy(scratch_->bytes.get(), text.data(), text.size());
  std::memset(scratch_->bytes.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
  text_ = text;
  return scratch_->parser.iterate(scratch_->bytes.get(), text.size(), scratch_->capacity)
      .get(doc);
}

const char* trim_back(const char* first, const char* last) noexcept {
  while (last != first && is_space(last[-1]))
    --last;
  return last;
}

std::string_view trimmed(std::string_view token) noexcept {
  const char* first = token.data();
  const char* last = trim_back(first, first + token.size());
  return {first, static_cast<std::size_t>(last - first)};
}

simdjson::error_code check(ondemand::value v, std::size_t depth) {
  ondemand::json_type type{};
  if (auto e = v.type().get(type))
    return e;
  switch (type) {
  case ondemand::json_type::object:
    return depth == 0 ? simdjson::DEPTH_ERROR : check_object(v, depth);
  case ondemand::json_type::array:
    return depth == 0 ? simdjson::DEPTH_ERROR : check_array(v, depth);
  case ondemand::json_type::string:
    return v.get_string().error();
  case ondemand::json_type::number:
    return is_number(trimmed(v.raw_json_token())) ? simdjson::SUCCESS
                                                  : simdjson::NUMBER_ERROR;
  case ondemand::json_type::boolean: {
    const auto token = trimmed(v.raw_json_token());
    return token == "true" || token == "false" ? simdjson::SUCCESS : simdjson::T_ATOM_ERROR;
  }
  case ondemand::json_type::null:
    return trimmed(v.raw_json_token()) == "null" ? simdjson::SUCCESS
                                                 : simdjson::N_ATOM_ERROR;
  }
  return simdjson::TAPE_ERROR;
}

simdjson::error_code check_extent(ondemand::document& doc, ondemand::value v,
                                  std::size_t depth, const char*& first,
                                  const char*& last) {
  const std::string_view token = v.raw_json_token();
  first = token.data();
  if (auto e = check(v, depth))
    return e;
  if (*first != '{' && *first != '[') {
    last = first + trimmed(token).size();
    return simdjson::SUCCESS;
  }
  const char* next = nullptr; // the token behind the value that was walked to its end
  if (auto e = doc.current_location().get(next))
    return e;
  last = trim_back(first, next);
  return simdjson::SUCCESS;
}

error to_error(simdjson::error_code code, errc as) {
  switch (code) {
  case simdjson::DEPTH_ERROR:
    return {as, "nested too deep"};
  case simdjson::UTF8_ERROR:
    return {as, "not valid UTF-8"};
  case simdjson::EMPTY:
    return {as, "empty where a JSON value was expected"};
  case simdjson::NUMBER_ERROR:
    return {as, "a number that is not JSON's"};
  case simdjson::STRING_ERROR:
    return {as, "a string with an escape that is not JSON's"};
  case simdjson::INCORRECT_TYPE:
    return {as, "a value of the wrong type"};
  default:
    return {as, std::string{"not valid JSON: "} + simdjson::error_message(code)};
  }
}

} // namespace flok::json::detail
