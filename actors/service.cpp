#include "actors/service.hpp"

#include <utility>

#include "actors/service_impl.hpp"
#include "actors/watch_state.hpp"
#include "runtime/codec.hpp"

namespace flok {

namespace {

template <class Answers>
void wait_for(const Answers& all) {
  for (const auto& answer : all)
    answer.wait();
}

} // namespace

void service::impl::drain() {
  const auto controllers = context_->controllers.wait_started();
  wait_for(pass(controllers));
  wait_for(drain_vms());
  wait_for(pass(controllers));
  if (context_->listener)
    (void)ask<done>(context_->listener, barrier_request{});
}

service::impl::unfinished service::impl::drain_within(allowance& of_controllers,
                                                      allowance& of_vms) {
  unfinished left;
  const auto controllers = context_->controllers.wait_started();
  left.controllers = !of_controllers.covers(pass(controllers));
  left.vms = !of_vms.covers(drain_vms());
  if (!left.controllers)
    left.controllers = !of_controllers.covers(pass(controllers));
  return left;
}

service::impl::answers
service::impl::pass(const std::vector<caf::actor_addr>& controllers) {
  answers passed;
  for (const auto& address : controllers)
    if (const auto controller = caf::actor_cast<controller_actor>(address))
      passed.push_back(ask_later<done>(controller, barrier_request{}));
  return passed;
}

service::impl::answers service::impl::drain_vms() {
  answers drained;
  for (const auto& vm : vms_)
    drained.push_back(ask_later<done>(vm, drain_request{}));
  return drained;
}

service::service(std::unique_ptr<impl> i) : impl_{std::move(i)} {}

service::~service() = default;

controller_ref service::spawn(std::function<void(controller&)> body) {
  return spawn_controller(*impl_->actors_, impl_->context_, std::move(body));
}

expected<subscription> service::watch(std::string_view ns, std::string_view id,
                                      update_handler on_update,
                                      std::function<void(const removed_page&)> on_removed,
                                      watch_options options) {
  if (auto vm = impl_->find(ns); !vm)
    return failure(std::move(vm).error());
  if (auto ok = check_id(id); !ok)
    return failure(ok.error());
  auto state = std::make_shared<watch_state>(std::move(on_update), std::move(on_removed));
  state->started(spawn(watch_state::body(state, ns, id, options)));
  return subscription{std::move(state)};
}

namespace {

page_ptr page_read(page_reply reply) { return std::move(reply.page); }
page_ptr page_written(written reply) { return std::move(reply.page); }
void nothing(const done&) {}

} // namespace

expected<page_ptr> service::read(std::string_view ns, std::string_view id) {
  return async_read(ns, id).get();
}

std::future<expected<page_ptr>> service::async_read(std::string_view ns,
                                                    std::string_view id) {
  return impl_->ask_in<page_ptr, page_reply>(
      ns, read_request{std::string{ns}, std::string{id}, false}, page_read);
}

expected<page_ptr> service::write(std::string_view ns, page_ptr page, write_rule rule) {
  return async_write(ns, std::move(page), std::move(rule)).get();
}

std::future<expected<page_ptr>> service::async_write(std::string_view ns, page_ptr page,
                                                     write_rule rule) {
  return impl_->ask_in<page_ptr, written>(
      ns, write_request{std::string{ns}, std::move(page), std::move(rule)}, page_written);
}

expected<void> service::erase(std::string_view ns, std::string_view id, write_rule rule) {
  return async_erase(ns, id, std::move(rule)).get();
}

std::future<expected<void>> service::async_erase(std::string_view ns, std::string_view id,
                                                 write_rule rule) {
  return impl_->ask_in<void, done>(
      ns, delete_request{std::string{ns}, std::string{id}, std::move(rule)}, nothing);
}

expected<std::vector<std::string>> service::list(std::string_view ns, id_range range) {
  return impl_
      ->ask_in<std::vector<std::string>, list_reply>(
          ns, list_request{std::string{ns}, std::move(range)},
          [](list_reply reply) { return std::move(reply.ids); })
      .get();
}

void service::drain() { impl_->drain(); }

const id_source& service::ids() const { return impl_->context_->ids; }

caf::actor_system& service::actors() { return *impl_->actors_; }

const system_context& service::context() const { return *impl_->context_; }

} // namespace flok
