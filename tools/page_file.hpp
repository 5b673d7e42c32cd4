// A page as somebody wrote it.
#pragma once

#include <string>

#include "runtime/errors.hpp"
#include "runtime/page.hpp"

namespace flok::tools {

/// The page that a file holds, or, for "-", standard input. A `_sig` that looks made (16
/// hexadecimal digits) and does not follow from its entry is made anew: whoever edits a
/// page as a text leaves it behind, and the change would count as none. Fails with
/// `bad_request` where it cannot be read, with `invalid_page` or `id_too_long` where it is
/// no page; the message names the file.
[[nodiscard]] expected<page_ptr> read_page(const std::string& file);

} // namespace flok::tools
