// Writing to descriptors whose readers may be slow, or gone.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace flok::tools {

/// Writes all of the text, for which whoever reads is waited for; with a `stop`, not any
/// longer once that descriptor is readable. `taken` is called whenever some of it has been
/// taken, which is not much at once. Returns 0, an errno, or ECANCELED: it was stopped.
[[nodiscard]] int write_all(int fd, std::string_view text, int stop = -1,
                            const std::function<void()>& taken = {});

/// Writes a line with its end, cut where it is longer than `PIPE_BUF` bytes, to a
/// descriptor that has room for it at once. False, and nothing written, where it has none.
[[nodiscard]] bool write_at_once(int fd, std::string line);

} // namespace flok::tools
