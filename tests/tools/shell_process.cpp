#include "tests/tools/shell_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tools/child.hpp"

namespace flok::testing {

namespace {

/// Replaces numbers with an exponent by 0: what is too large for a double is still JSON.
std::string without_exponents(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '"') {
      while (end < text.size() && text[end] != '"') {
        end += text[end] == '\\' ? 2 : 1;
      }
      end = std::min(end + 1, text.size());
      out.append(text, i, end - i);
    } else if (std::string_view{"-0123456789"}.find(text[i]) != std::string_view::npos) {
      end = std::min(text.find_first_not_of("+-.0123456789eE", i), text.size());
      const std::string number = text.substr(i, end - i);
      out += number.find_first_of("eE") == std::string::npos ? number : "0";
    } else {
      out += text[i];
    }
    i = end;
  }
  return out;
}

json parse_line(const std::string& line) {
  try {
    return json::parse(line);
  } catch (const json::out_of_range&) {
    return json::parse(without_exponents(line));
  }
}

strings shell_arguments(const std::filesystem::path& config,
                        const std::filesystem::path& data) {
  strings arguments{"shell", "--config", config.string()};
  if (!data.empty()) {
    arguments.insert(arguments.end(), {"--data", data.string()});
  }
  return arguments;
}

} // namespace

temp_dir::temp_dir() {
  std::string name = (std::filesystem::temp_directory_path() / "flok-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fail_with_errno("mkdtemp");
  }
  path_ = name;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path temp_dir::write(std::string_view name, std::string_view text) const {
  const auto file = path_ / name;
  std::ofstream{file, std::ios::binary} << text;
  return file;
}

shell_process::shell_process(const std::filesystem::path& config,
                             const std::filesystem::path& data)
    : shell_process(shell_arguments(config, data)) {}

shell_process::shell_process(const strings& arguments) {
  // A child that died must show as its exit status, not as the end of the test.
  std::signal(SIGPIPE, SIG_IGN);
  start(arguments);
}

shell_process::~shell_process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  close_fd(in_);
  close_fd(out_);
  close_fd(err_);
}

void shell_process::start(const strings& arguments) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  err_ = ::memfd_create("flok-stderr", MFD_CLOEXEC);
  if (err_ < 0 || ::pipe2(in.data(), O_CLOEXEC) != 0 ||
      ::pipe2(out.data(), O_CLOEXEC) != 0) {
    fail_with_errno("pipes to the shell");
  }
  spawn_actions actions;
  posix_spawn_file_actions_adddup2(actions.get(), in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), err_, STDERR_FILENO);
  pid_ = start_tool(arguments, actions);
  ::close(in[0]);
  ::close(out[1]);
  in_ = in[1];
  out_ = out[0];
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
  ::fcntl(out_, F_SETFL, O_NONBLOCK);
}

shell_process::deadline shell_process::in_a_minute() {
  return std::chrono::steady_clock::now() + std::chrono::seconds{60};
}

void shell_process::give_up(const std::string& why) const {
  const std::string written = errors();
  const std::size_t skipped = written.size() - std::min<std::size_t>(written.size(), 4000);
  throw std::runtime_error("flok shell: " + why + "; stderr: " + written.substr(skipped));
}

std::string shell_process::errors() const {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto got =
        ::pread(err_, chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
    if (got <= 0) {
      return text;
    }
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

void shell_process::send_line(std::string_view line) {
  unsent_.append(line);
  send_bytes("\n");
}

void shell_process::send_bytes(std::string_view bytes) {
  unsent_.append(bytes);
  if (in_ < 0) { // its output will tell why it reads no more
    unsent_.clear();
  }
  constexpr std::size_t enough = std::size_t{64} << 10U;
  const auto until = in_a_minute();
  while (unsent_.size() - sent_ > enough) {
    pump(until);
  }
}

/// Waits until something can be written or read, and does so.
void shell_process::pump(deadline until) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= until) {
    give_up("nothing came for a minute");
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now);
  std::array<pollfd, 2> fds{pollfd{out_, POLLIN, 0},
                            pollfd{unsent_.empty() ? -1 : in_, POLLOUT, 0}};
  if (::poll(fds.data(), fds.size(), static_cast<int>(left.count()) + 1) < 0) {
    if (errno == EINTR) {
      return;
    }
    fail_with_errno("poll");
  }
  if (fds[0].revents != 0) {
    read_some();
  }
  if (fds[1].revents != 0) {
    write_some();
  }
}

void shell_process::write_some() {
  const auto put = ::write(in_, unsent_.data() + sent_, unsent_.size() - sent_);
  if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (put < 0) { // nobody reads any more: what it printed last will tell why
    close_fd(in_);
  } else {
    sent_ += static_cast<std::size_t>(put);
  }
  if (put < 0 || sent_ == unsent_.size()) {
    unsent_.clear();
    sent_ = 0;
  }
}

void shell_process::read_some() {
  std::array<char, 65536> chunk; // NOLINT: filled by read
  const auto got = ::read(out_, chunk.data(), chunk.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    close_fd(out_);
    return;
  }
  std::string_view fresh{chunk.data(), static_cast<std::size_t>(got)};
  for (auto end = fresh.find('\n'); end != fresh.npos; end = fresh.find('\n')) {
    partial_.append(fresh.substr(0, end));
    lines_.push_back(std::exchange(partial_, {}));
    ++seen_;
    fresh.remove_prefix(end + 1);
  }
  partial_.append(fresh);
}

output_line shell_process::next() {
  const auto until = in_a_minute();
  while (lines_.empty()) {
    if (out_ < 0) {
      give_up("its output ended too early");
    }
    pump(until);
  }
  output_line line{std::move(lines_.front()), {}};
  lines_.pop_front();
  try {
    line.value = parse_line(line.raw);
  } catch (const json::exception& error) {
    give_up("it printed no JSON (" + std::string{error.what()} + "): " + line.raw);
  }
  const json& value = line.value;
  if (value.contains("event") + value.contains("reply") + value.contains("error") != 1) {
    give_up("a line is not one of event, reply and error: " + line.raw);
  }
  return line;
}

void shell_process::stash(output_line line) {
  if (line.is_event()) {
    events_.push_back(std::move(line));
    return;
  }
  const auto tag = line.value.find("tag");
  const std::string key = tag == line.value.end() ? "" : tag->dump();
  answers_[key].push_back(std::move(line));
}

output_line shell_process::answer(const std::string& key) {
  for (auto found = answers_.find(key); found == answers_.end();
       found = answers_.find(key)) {
    stash(next());
  }
  auto found = answers_.find(key);
  output_line line = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) {
    answers_.erase(found);
  }
  return line;
}

output_line shell_process::ask_line(json op) {
  const std::string tag = "ask-" + std::to_string(++last_tag_);
  op["tag"] = tag;
  send(op);
  return reply(tag);
}

json shell_process::must(json op) {
  const std::string text = op.dump();
  json value = ask(std::move(op));
  if (!value.contains("reply")) {
    give_up(text + " was answered with " + value.dump());
  }
  return value;
}

std::vector<output_line> shell_process::drain() {
  must(op::simple("drain"));
  return take_events();
}

strings shell_process::heard() {
  strings texts;
  for (const output_line& event : drain()) {
    texts.push_back(describe(event.value));
  }
  return texts;
}

std::size_t shell_process::spare_answers() const {
  return std::accumulate(
      answers_.begin(), answers_.end(), std::size_t{0},
      [](std::size_t sum, const auto& entry) { return sum + entry.second.size(); });
}

ending shell_process::finish() {
  const auto until = in_a_minute();
  while (!unsent_.empty() && in_ >= 0) {
    pump(until);
  }
  close_fd(in_);
  return wait_for_end();
}

ending shell_process::kill() {
  ::kill(pid_, SIGKILL);
  close_fd(in_);
  unsent_.clear();
  sent_ = 0;
  return wait_for_end();
}

ending shell_process::wait_for_end() {
  const auto until = in_a_minute();
  while (out_ >= 0) {
    pump(until);
  }
  // Its output is closed, which only its end does: this returns at once.
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) {
    fail_with_errno("waitpid");
  }
  pid_ = -1;
  ending end;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  end.errors = errors();
  end.output.assign(std::make_move_iterator(lines_.begin()),
                    std::make_move_iterator(lines_.end()));
  lines_.clear();
  return end;
}

std::string code_of(const json& answer) {
  const auto error = answer.find("error");
  return error == answer.end() ? "" : error->at("code").get<std::string>();
}

std::string describe(const json& event) {
  std::string text = event.value("controller", "nobody") + ": ";
  const auto kind = event.at("event").get<std::string>();
  if (kind == "error") {
    return "error: " + event.at("code").get<std::string>();
  }
  if (kind != "read_res") {
    return text + event.at("ns").get<std::string>() + "/" +
           event.at("id").get<std::string>() + " " + kind;
  }
  const json& page = event.at("page");
  const json& entries = page.at("entries");
  text += event.at("ns").get<std::string>() + "/" + event.at("id").get<std::string>() + " ";
  text += entries.empty() ? "empty" : entries.begin()->value("title", "untitled");
  text += " (" + event.at("origin").get<std::string>() + ")";
  const bool sound = page.at("_id") == event.at("id") && event.at("pending") == false;
  return sound ? text : text + " " + event.dump();
}

namespace {

/// CRC-32 with zlib's polynomial, bit by bit.
std::uint32_t crc32(std::uint32_t crc, const std::string& bytes) {
  crc = ~crc;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
  }
  return ~crc;
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

/// The end of the value that begins here; the text is known to be JSON.
std::size_t skip_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  do {
    const char first = text.at(at);
    if (first == '"') {
      while (text.at(++at) != '"') {
        at += text[at] == '\\' ? 1 : 0;
      }
    }
    depth += first == '{' || first == '[' ? 1 : 0;
    depth -= first == '}' || first == ']' ? 1 : 0;
    ++at;
  } while (depth > 0);
  const bool scalar = std::string_view{"\"}]"}.find(text[at - 1]) == std::string_view::npos;
  return scalar ? std::min(text.find_first_of(",]} \t\r\n", at), text.size()) : at;
}

} // namespace

std::string expected_hash(const json& page) {
  std::uint32_t crc = 0;
  for (const char* field : {"_head", "_next", "_prev", "_id"}) {
    const json value = page.value(field, json{});
    crc = value.is_null() ? crc : crc32(crc, value.get<std::string>());
  }
  std::uint64_t sum = 0;
  const bool ordered = page.at("_type") == "array";
  for (const json& entry : page.at("entries")) {
    const auto signature = entry.at("_sig").get<std::string>();
    crc = ordered ? crc32(crc, signature) : crc;
    sum += crc32(0, signature);
  }
  return std::to_string(ordered ? crc : crc32(crc, std::to_string(sum)));
}

std::vector<std::pair<std::string, std::string>> raw_members(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> members;
  std::size_t at = skip_space(object, 1);
  while (object.at(at) != '}') {
    const std::size_t key_end = skip_value(object, at);
    const std::string_view key = object.substr(at, key_end - at);
    at = skip_space(object, skip_space(object, key_end) + 1);
    const std::size_t end = skip_value(object, at);
    members.emplace_back(json::parse(key).get<std::string>(), object.substr(at, end - at));
    at = skip_space(object, end);
    at = object.at(at) == ',' ? skip_space(object, at + 1) : at;
  }
  return members;
}

std::string raw_member(std::string_view object, std::string_view name) {
  for (auto& [key, value] : raw_members(object)) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

strings raw_elements(std::string_view array) {
  strings elements;
  std::size_t at = skip_space(array, 1);
  while (array.at(at) != ']') {
    const std::size_t end = skip_value(array, at);
    elements.emplace_back(array.substr(at, end - at));
    at = skip_space(array, end);
    at = array.at(at) == ',' ? skip_space(array, at + 1) : at;
  }
  return elements;
}

std::int64_t stats(shell_process& shell, const char* ns, const char* figure) {
  const json all = shell.must(op::simple("stats"));
  return all.at("namespaces").at(ns).at(figure).get<std::int64_t>();
}

} // namespace flok::testing
