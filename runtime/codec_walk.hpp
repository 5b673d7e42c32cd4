// How the codec drives simdjson. Private to runtime/codec*.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "errors.hpp"

namespace flok::json::detail {

namespace ondemand = simdjson::ondemand;

/// A parser and room for a padded copy of its input.
struct scratch {
  ondemand::parser parser;
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
};

/// Lends this thread a parser, so that a walk can start another one (a page's needs its
/// entries' signatures) and neither allocates once warm. Gives large ones back to the
/// system: one 10 MB page must not cost its scratch space for ever.
class scratch_lease {
public:
  scratch_lease();
  ~scratch_lease();
  scratch_lease(const scratch_lease&) = delete;
  scratch_lease& operator=(const scratch_lease&) = delete;

  /// Copies `text` to where the parser may read beyond its end, and starts the walk.
  simdjson::error_code start(std::string_view text, ondemand::document& doc);

  /// Where in the text that was given to `start` a position of the copy is.
  [[nodiscard]] std::string_view original(const char* first, const char* last) const {
    return text_.substr(static_cast<std::size_t>(first - scratch_->bytes.get()),
                        static_cast<std::size_t>(last - first));
  }

private:
  std::unique_ptr<scratch> scratch_;
  std::string_view text_;
};

/// `last` moved back over white space.
[[nodiscard]] const char* trim_back(const char* first, const char* last) noexcept;

/// The token without the white space that simdjson leaves behind it.
[[nodiscard]] std::string_view trimmed(std::string_view token) noexcept;

/// Visits all of `v`, so that grammar, escapes and numbers are checked whatever simdjson
/// would have skipped. `depth` is how many more levels `v` may have, itself included.
[[nodiscard]] simdjson::error_code check(ondemand::value v, std::size_t depth);

/// Visits all of `v`, and tells where its text ends in the copy.
[[nodiscard]] simdjson::error_code check_extent(ondemand::document& doc, ondemand::value v,
                                                std::size_t depth, const char*& first,
                                                const char*& last);

[[nodiscard]] error to_error(simdjson::error_code code, errc as);

} // namespace flok::json::detail
