// Pages for tests, and pages in words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../runtime/codec.hpp"
#include "../runtime/draft.hpp"
#include "../runtime/page.hpp"
#include "failed.hpp"

namespace flok::testing {

using strings = std::vector<std::string>;

/// The page in a JSON text from outside. Throws `failed` if it is not a page.
page_ptr page_of(std::string_view json, checked known = checked::nothing);

/// A version of a page, for tests that do not care what is in it: an array page with that
/// id and one entry with that signature; without a signature it has no entries.
page_ptr version(std::string_view id, std::string_view signature = {});

/// "id=signature+signature": what `version` was given.
std::string label(const page& p);

/// A page as one line: its id, its entries as they are written but without `_sig`, and
/// those pointers that are set:
///
///     news [{"_id":"a","title":"hello"}] next=news-2
///     prefs {"lang":{"value":"en"}}
std::string in_words(const page& p);

/// Ids "made-1", "made-2", and so on.
id_source counted_ids();

} // namespace flok::testing
