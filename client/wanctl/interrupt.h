// SIGINT as a stop request.
#ifndef WAN_CLIENT_WANCTL_INTERRUPT_H_
#define WAN_CLIENT_WANCTL_INTERRUPT_H_

#include <stop_token>
#include <thread>

namespace wan {

// Construct before any other thread exists: the signal is blocked in this thread and in those started later, and a
// thread of this object takes it. The first one requests the stop; the second ends the process with 130 at once.
// Where the parent has the signal ignored (nohup, a background job of a script), it stays ignored.
class InterruptListener {
 public:
  InterruptListener();
  ~InterruptListener();
  InterruptListener(const InterruptListener&) = delete;
  InterruptListener& operator=(const InterruptListener&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void Listen();

  std::stop_source source_;
  int signal_descriptor_;
  int end_descriptor_;
  std::thread thread_;
};

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_INTERRUPT_H_
