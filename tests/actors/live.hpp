// Systems with real threads, and handlers that tell of them in words.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/controller.hpp"
#include "actors/system.hpp"
#include "testing/waiting.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

/// Options of a system with these namespaces, each served by `pager`.
system_options options_for(const strings& namespaces = {"user"},
                           const std::string& pager = "mem");

/// A system with the built-in pagers.
std::unique_ptr<system> started(system_options options);
std::unique_ptr<system> started(std::optional<std::string> data = std::nullopt);

/// Waits until the controller has dealt with all that it was sent. False where it has
/// ended.
bool settled(const controller_ref& c);

/// An update in words: "a=1 disk", "a=1 pager ?".
std::string in_words(const update& u);

/// A handler that tells an inbox in words; a failure as its code.
update_handler telling(inbox<std::string>& to);
answer_handler<void> answering(inbox<std::string>& to);
answer_handler<page_ptr> answering_page(inbox<std::string>& to);

/// Pairs of page and watcher in all namespaces.
std::uint64_t watchers(system& sys);

} // namespace flok::testing
