// What is said of a handler that throws.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "../runtime/errors.hpp"

namespace flok {

/// Remembers in which of a controller's handlers an exception was thrown. Belongs to one
/// controller; not for several threads at once.
class handler_guard {
public:
  /// Runs a handler of this event; what it throws goes on to the caller.
  template <class Handler>
  void run(std::string_view event, std::string_view ns, std::string_view id,
           Handler&& handler) {
    try {
      handler();
    } catch (...) {
      remember(event, ns, id);
      throw;
    }
  }

  /// What to tell of an exception that ends the controller.
  [[nodiscard]] error told_of(const std::exception_ptr& thrown) const {
    return {errc::controller_down,
            "a controller ended: " + (where_.empty() ? "a handler" : where_) +
                " threw: " + words_of(thrown)};
  }

private:
  /// The innermost handler counts: one may run in the midst of another.
  void remember(std::string_view event, std::string_view ns, std::string_view id) {
    if (!where_.empty())
      return;
    where_ = "its handler of " + std::string{event};
    if (!ns.empty())
      where_ += ", namespace " + std::string{ns};
    if (!id.empty())
      where_ += ", page " + std::string{id};
  }

  static std::string words_of(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      return e.what();
    } catch (...) {
      return "no std::exception";
    }
  }

  std::string where_;
};

} // namespace flok
