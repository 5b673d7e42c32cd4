// Pages to and from JSON, and to and from the records that storage keeps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "page.hpp"

namespace flok {

/// How much is already known of a page's text.
enum class checked : std::uint8_t {
  nothing, ///< it comes from outside
  grammar, ///< it is a slice of a JSON text that was checked whole
  all,     ///< flok wrote it, and its checksum holds
};

/// Reads a page: checks what is not known yet (grammar, UTF-8, nesting, size; fields,
/// types, duplicates), makes missing `_sig`s and the `_hash` anew, and keeps every entry
/// byte for byte, except that raw CR and LF become spaces. Fails with `invalid_page` (where
/// and why) or `id_too_long`. Rule: design, section 2.
[[nodiscard]] expected<page_ptr> decode_page(std::string_view json,
                                             checked known = checked::nothing);

/// Whether a page may have that id: `invalid_page` for an empty one or one that is no
/// UTF-8, `id_too_long` for one longer than `limits::id_bytes`.
[[nodiscard]] expected<void> check_id(std::string_view id);

/// What storage keeps of one page.
struct stored_page {
  page_ptr page;
  bool pending = false; ///< holds changes that the namespace's authority has not confirmed
};

/// The version of the records below. A newer one is refused, never rewritten.
inline constexpr std::uint8_t record_format = 1;

/// Appends a record: "FLOK", format version, flags (bit 0: pending), two zero bytes,
/// XXH3-64 of the body as a little-endian number, then the body: the page's JSON.
void append_record(std::string& out, const page& p, bool pending);

/// Reads the record that stands under `id`. Fails with `storage_failure` where it is
/// damaged, of a newer format, or another page's.
[[nodiscard]] expected<stored_page> decode_record(std::string_view record,
                                                  std::string_view id);

} // namespace flok
