// Pages as a test writes them down.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "../runtime/page.hpp"
#include "failed.hpp"

namespace flok::testing {

/// An entry: an array entry's `_id` or a hash entry's key, and its other members.
struct entry {
  std::string name;
  nlohmann::json fields = nlohmann::json::object();
};

/// The pointers of a page.
struct pointers {
  std::optional<std::string> head{}, next{}, prev{};
};

/// An array page. Throws `failed` if it would not be one, as with a name given twice:
///
///     array_page("news", {{"a", {{"title", "hello"}}}, {"b"}}, {.next = "news-2"})
page_ptr array_page(std::string_view id, std::initializer_list<entry> entries = {},
                    const pointers& to = {});

/// A hash page:
///
///     hash_page("prefs", {{"lang", {{"value", "en"}}}})
page_ptr hash_page(std::string_view id, std::initializer_list<entry> entries = {},
                   const pointers& to = {});

/// The head page of the list whose first page is `first`.
page_ptr head_page(std::string_view id, std::string_view first);

} // namespace flok::testing
