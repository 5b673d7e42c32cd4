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

/// The version of the records below. Others are refused, never rewritten.
inline constexpr std::uint8_t record_format = 2;

/// The size of a page's record.
[[nodiscard]] std::size_t record_bytes(const page& p) noexcept;

/// Writes a page's record to where there is room for `record_bytes`: "FLOK", format
/// version, flags (bit 0: pending), two zero bytes, XXH3-64 of the body as a little-endian
/// number, then the body: the page's JSON, and an index of it (docs/architecture.md).
void write_record(char* to, const page& p, bool pending) noexcept;

/// Appends a page's record.
void append_record(std::string& out, const page& p, bool pending);

/// Reads the record that stands under `id`, by its index: what flok wrote and whose
/// checksum holds is not parsed. Fails with `storage_failure` where the record is damaged,
/// of another format, or another page's. An index that is wrong all the same never leads
/// outside the record: either it is refused, or the entries are cut as it says.
[[nodiscard]] expected<stored_page> decode_record(std::string_view record,
                                                  std::string_view id);

} // namespace flok
