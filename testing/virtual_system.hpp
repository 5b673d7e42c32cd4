// A flok in virtual time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/event_based_actor.hpp>

#include "../actors/controller.hpp"
#include "../actors/controller_actor.hpp"
#include "../actors/messages.hpp"
#include "../actors/storage.hpp"
#include "memory_store.hpp"
#include "pages.hpp"
#include "stage.hpp"

namespace flok::testing {

/// A namespace, and who owns it: `{"user", spawn_my_pager, R"({"url": "x"})"}`.
struct virtual_namespace {
  std::string name = "user";
  pager_factory pager = {};   ///< none: `mem`
  std::string options = "{}"; ///< as in the configuration
};

struct virtual_options {
  std::vector<virtual_namespace> namespaces = {{}};
  pageout_config pageout = {};
  std::shared_ptr<memory_store> disk = std::make_shared<memory_store>(); ///< null: none
  storage_writer writer = {}; ///< commits instead of the one over `disk`
  id_source ids = counted_ids();
};

/// What `flok::system` is, on one thread: things only happen in its functions, and time
/// only passes in `advance`. It has some of the functions of `flok::system`, each of which
/// runs until nothing is left to do, and throws `failed` if its answer has to wait for time
/// to pass, or for a pager that does not answer.
class virtual_system : public stage {
public:
  /// Throws `failed` where a namespace is given twice, or a pager has a thread of its own.
  explicit virtual_system(virtual_options options = {});

  /// Starts a controller; its body has run on return.
  controller_ref spawn(std::function<void(controller&)> body);

  expected<page_ptr> read(std::string_view ns, std::string_view id);
  expected<page_ptr> write(std::string_view ns, page_ptr page, write_rule rule = {});
  expected<void> erase(std::string_view ns, std::string_view id, write_rule rule = {});
  expected<std::vector<std::string>> list(std::string_view ns, id_range range = {});
  expected<std::uint64_t> page_out();
  [[nodiscard]] namespace_stats stats(std::string_view ns = "user");

  /// The failures since the last call that nobody was waiting for.
  std::vector<error> problems();

  /// Puts a page on disk behind flok's back: a load finds it.
  void put_on_disk(std::string_view ns, page_ptr page, bool pending = false);

  /// What the disk has; its page is null if there is none. Throws `failed` if the record is
  /// damaged.
  [[nodiscard]] stored_page on_disk(std::string_view ns, std::string_view id);

  /// Asks the vm, runs, and returns the answer.
  template <class Reply, class Request>
  expected<Reply> ask(Request what) {
    auto answer = std::make_shared<std::optional<expected<Reply>>>();
    spawn_function(actors(), [to = vm, what, answer](caf::event_based_actor* self) {
      flok::ask(self, to, what)
          .then([answer](const Reply& reply) { *answer = reply; },
                [answer](const caf::error& why) { *answer = failure(from_caf(why)); });
    });
    run();
    if (!*answer)
      throw failed{"not answered yet: it waits for time to pass, or for a pager"};
    return std::move(**answer);
  }

  vm_actor vm;
  storage_actors storage;             ///< invalid handles where there is no disk
  std::shared_ptr<memory_store> disk; ///< fails when told to (memory_store.hpp)

private:
  std::shared_ptr<system_context> context_;
  std::shared_ptr<std::vector<error>> problems_;
};

} // namespace flok::testing
