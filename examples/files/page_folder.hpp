// A directory of pages, and a thread that waits for its changes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <flok/runtime/errors.hpp>
#include <flok/runtime/page.hpp>

class page_folder {
public:
  /// Gets, from the folder's thread, the path of a file that was written, moved or removed;
  /// an empty one where so much has happened that names are lost.
  using handler = std::function<void(std::filesystem::path)>;

  /// Throws `std::system_error` where the directory cannot be watched.
  page_folder(std::filesystem::path path, handler changed);
  ~page_folder(); ///< waits until the handler has returned
  page_folder(const page_folder&) = delete;
  page_folder& operator=(const page_folder&) = delete;

  /// The page in the file `id`.json; null where there is no file; else what is wrong with
  /// it.
  [[nodiscard]] flok::expected<flok::page_ptr> load(const std::string& id) const;

  /// The ids of all pages, whatever their files hold.
  [[nodiscard]] std::vector<std::string> ids() const;

private:
  struct descriptor {
    int number;
    ~descriptor();
  };
  void wait(const handler& changed) const;

  std::filesystem::path path_;
  descriptor changes_; ///< inotify's
  descriptor stop_;    ///< an eventfd, which the thread waits for as well
  std::thread thread_;
};
