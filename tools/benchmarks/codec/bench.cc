// C++ protobuf's side of `tools/bench codec`: prints nanoseconds to encode and to decode a message.
//
// usage: bench FILE SECONDS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "link/v1/link_service.pb.h"

using Clock = std::chrono::steady_clock;

// As in CodecBench.swift.
template <typename Body>
static long nanoseconds(double seconds, Body body) {
  auto start = Clock::now();
  body();
  double once = std::chrono::duration<double>(Clock::now() - start).count();
  long batch = std::max(1L, static_cast<long>(0.001 / std::max(once, 1e-7)));
  double least = 1e9;
  auto end = start + std::chrono::duration<double>(seconds);
  while ((start = Clock::now()) < end) {
    for (long i = 0; i < batch; i++) body();
    double taken = std::chrono::duration<double>(Clock::now() - start).count();
    least = std::min(least, taken / batch);
  }
  return static_cast<long>(least * 1e9);
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  std::ifstream file(argv[1], std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  double seconds = atof(argv[2]);
  link::v1::ListAccountsResponse message;
  if (!message.ParseFromString(bytes) || message.SerializeAsString() != bytes) return 1;
  size_t sum = 0;
  long encode = nanoseconds(seconds, [&] { sum += message.SerializeAsString().size(); });
  long decode = nanoseconds(seconds, [&] {
    link::v1::ListAccountsResponse read;
    read.ParseFromString(bytes);
    sum += read.accounts_size();
  });
  printf("%ld %ld%s\n", encode, decode, sum == 0 ? " " : "");
}
