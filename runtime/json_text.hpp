// Writing JSON, and changing single members of an object's text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec_json.hpp"
#include "errors.hpp"

namespace flok::json {

/// Appends `value` as a JSON string with minimal escapes: `"`, `\` and control characters,
/// the latter in JSON's short form where it has one (RFC 8785, section 3.2.2.2).
void append_string(std::string& out, std::string_view value);

/// Writes what `append_string` appends to where there is room; gives its end.
char* put_string(char* to, std::string_view value) noexcept;

/// `append_string` into a new string.
[[nodiscard]] std::string quoted(std::string_view value);

/// What is UTF-8 as it is; in anything else each byte beyond ASCII is spelled `\xff`.
[[nodiscard]] std::string as_utf8(std::string_view bytes);

/// The size of what `append_string` appends.
[[nodiscard]] std::size_t quoted_size(std::string_view value) noexcept;

/// Appends `value` as a JSON string, or `null` where there is none.
void append_pointer(std::string& out, std::optional<std::string_view> value);

/// `object` with the member `key` having `value` (JSON text): in its old place where it
/// stood already, else as the last member. Every other byte stays. Fails where `object`
/// is no valid object.
[[nodiscard]] expected<std::string>
with_member(std::string_view object, std::string_view key, std::string_view value);

/// The same for several members, whose keys differ, in one pass.
[[nodiscard]] expected<std::string> with_members(std::string_view object,
                                                 std::span<const member> updates);

/// `object` without its members called `key`; the same text where there is none.
[[nodiscard]] expected<std::string> without_member(std::string_view object,
                                                   std::string_view key);

/// `object` with the member `key` first; it must not have one yet.
[[nodiscard]] std::string with_first_member(std::string_view object, std::string_view key,
                                            std::string_view value);

/// An entry with its `_sig`: in its old place, else last.
[[nodiscard]] expected<std::string> with_signature(std::string_view entry,
                                                   std::string_view signature);

/// Raw CR and LF become spaces. In valid JSON they stand between tokens only.
void to_one_line(char* first, char* last) noexcept;

} // namespace flok::json
