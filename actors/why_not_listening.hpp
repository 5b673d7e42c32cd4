// Why nobody can listen at an address, where a library does not say. Private to flok.
#pragma once

#include <string>

namespace flok {

/// Tries to listen there once more, and says in a sentence for people why that fails, and
/// what to do; empty where it does not. `host` is a name or an address, without brackets;
/// an empty one stands for all addresses.
[[nodiscard]] std::string why_not_listening(const std::string& host,
                                            const std::string& port);

} // namespace flok
