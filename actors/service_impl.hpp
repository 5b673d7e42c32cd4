// How a service asks. Private to services.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller_actor.hpp"
#include "messages.hpp"
#include "service.hpp"

namespace flok {

/// Futures that are kept by whoever answers: nobody waits in between.
class service::impl {
public:
  impl() = default;
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  virtual ~impl() = default;

  template <class Reply, class Actor, class Request>
  std::future<expected<Reply>> ask_later(const Actor& who, Request request) {
    return ask_later<Reply, Reply>(who, std::move(request),
                                   [](Reply reply) { return reply; });
  }

  /// `read` makes the answer, a `T`, of the reply.
  template <class T, class Reply, class Actor, class Request, class Read>
  std::future<expected<T>> ask_later(const Actor& who, Request request, Read read) {
    std::promise<expected<T>> kept;
    auto future = kept.get_future();
    ask_from_outside<Reply>(*actors_, who, std::move(request),
                            [kept = std::move(kept), read](expected<Reply> reply) mutable {
                              kept.set_value(std::move(reply).map(read));
                            });
    return future;
  }

  template <class Reply, class Actor, class Request>
  expected<Reply> ask(const Actor& who, Request request) {
    return ask_later<Reply>(who, std::move(request)).get();
  }

  /// The same of a namespace's vm.
  template <class T, class Reply, class Request, class Read>
  std::future<expected<T>> ask_in(std::string_view ns, Request request, Read read) {
    auto vm = find(ns);
    if (vm)
      return ask_later<T, Reply>(*vm, std::move(request), read);
    std::promise<expected<T>> failed;
    failed.set_value(failure(std::move(vm).error()));
    return failed.get_future();
  }

  [[nodiscard]] expected<vm_actor> find(std::string_view ns) const {
    if (closed_)
      return failure(closed_error());
    const auto vm = context_->vms.find(ns);
    if (vm == context_->vms.end())
      return failure(errc::unknown_namespace, "no namespace is called " + std::string{ns});
    return vm->second;
  }

  /// First the controllers must have asked, then the vms be done, then the controllers have
  /// heard, and problems be told.
  void drain();

  /// Time to wait, which becomes less by waiting.
  class allowance {
  public:
    explicit allowance(std::chrono::milliseconds all) : left_{all} {}

    /// Whether all of them are kept before it is used up.
    template <class T>
    [[nodiscard]] bool covers(const std::vector<std::future<T>>& all) {
      const auto begin = std::chrono::steady_clock::now();
      const bool kept = std::ranges::all_of(all, [&](const auto& answer) {
        return answer.wait_until(begin + left_) == std::future_status::ready;
      });
      const auto now = std::chrono::steady_clock::now();
      left_ = std::max(left_ - (now - begin), std::chrono::nanoseconds{0});
      return kept;
    }

  private:
    std::chrono::nanoseconds left_;
  };

  /// Who was not done in time.
  struct unfinished {
    bool controllers = false;
    bool vms = false;
  };
  /// The same, but for problems, before an end: within these, which may be one. A body that
  /// does not return is waited for all the same, as nothing can end it.
  [[nodiscard]] unfinished drain_within(allowance& of_controllers, allowance& of_vms);

  /// Where nobody else wants to hear of it. Standard output is the embedder's, and so is
  /// spdlog's default logger.
  static void print_problem(const error& e) {
    const auto line = "flok: " + std::string{to_string(e.code)} + ": " + e.message + "\n";
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
  }

  [[nodiscard]] static error closed_error() {
    return {errc::shutting_down, "the system is closed"};
  }

private:
  using answers = std::vector<std::future<expected<done>>>;

  /// Each is kept once that controller has dealt with what it was sent before, or is gone.
  [[nodiscard]] answers pass(const std::vector<caf::actor_addr>& controllers);
  [[nodiscard]] answers drain_vms();

public:
  caf::actor_system* actors_ = nullptr;
  std::shared_ptr<system_context> context_ = std::make_shared<system_context>();
  std::vector<vm_actor> vms_;
  bool closed_ = true; ///< until it has started
};

} // namespace flok
