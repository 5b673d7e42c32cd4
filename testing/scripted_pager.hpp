// A pager that does what a test says.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../actors/messages.hpp"
#include "pages.hpp"

namespace flok::testing {

/// A pager that does what it is told, and writes down what it hears:
///   "init user {}", "watch a", "watch a=1", "unwatch a", "read a",
///   "write b=1", "write a=2 over a=1"
class scripted_pager {
public:
  scripted_pager();

  /// Makes an actor for each life of the pager.
  [[nodiscard]] pager_factory factory() const;

  strings heard();

  /// How writes are answered; by default they are cached, and `done`.
  void on_write(std::function<expected<void>(const page_ptr&)> meet);

  /// From now on, writes and reads are not answered until `release` is called.
  void hold();
  void release();

  /// What reads find; by default, nothing.
  void on_read(std::function<expected<page_ptr>(const std::string&)> find);

  /// Caches from the pager itself.
  void cache(std::vector<page_ptr> pages, bool pending = false);

  void die();
  [[nodiscard]] std::size_t lives() const;
  [[nodiscard]] pager_actor actor() const;

private:
  struct script;
  class life;
  void post(std::function<void(life&)> work);
  std::shared_ptr<script> script_;
};

} // namespace flok::testing
