// A dump: namespaces' pages as lines of JSON, with a checksum (docs/tool.md).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/messages.hpp"
#include "runtime/errors.hpp"

namespace flok::tools {

/// The version of the lines below. A newer one is refused.
inline constexpr unsigned dump_format = 1;

/// Makes a dump's lines, each with its LF, in this order: `first`, `page`s, `last`.
class dump_writer {
public:
  [[nodiscard]] std::string first(const std::vector<std::string>& namespaces);
  [[nodiscard]] std::string page(std::string_view ns, const stored_page& p);

  /// Says how many pages there were, and the CRC-32 of all lines before.
  [[nodiscard]] std::string last() const;

  [[nodiscard]] std::uint64_t pages() const { return pages_; }

private:
  std::uint32_t sum_ = 0;
  std::uint64_t pages_ = 0;
};

/// What a reader of a dump gets; an error ends the reading. Without `page` it is only seen
/// to that the dump is whole and as it was written: that takes a fraction of the time.
struct dump_reader {
  std::function<expected<void>(const std::vector<std::string>& namespaces)> first;
  std::function<expected<void>(commit_page p)> page = {};
};

/// Reads a dump to its end; memory does not grow with its length. Gives the number of
/// pages. Fails with `bad_request`, telling the line, for what is no dump, or one that is
/// damaged or torn: which shows at its end only.
[[nodiscard]] expected<std::uint64_t> read_dump(int fd, const dump_reader& reader);

} // namespace flok::tools
