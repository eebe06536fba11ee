// The floor: the least that a server on libnghttp2 can do for one unary echo. One thread, epoll, no
// TLS, no limits, no handler, no parsing beyond what the echo needs. Nothing on nghttp2 goes below
// it, so it is what our server is measured against. Trusts its input: never expose it.
//
//   gcc -O2 -o floor floor.c -lnghttp2 && ./floor     prints "listening on 127.0.0.1:PORT"
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE = 4096, OUTPUT = 1 << 16, FRAME = 17 * 1024, PREFIX = 5, EVENTS = 256 };

typedef struct {
  uint8_t in[MESSAGE], out[MESSAGE];
  size_t received, length, sent;
} Stream;

typedef struct {
  int fd;
  nghttp2_session *session;
  uint8_t out[OUTPUT];
  size_t length, sent;
} Connection;

#define FIELD(name, value)                                           \
  {(uint8_t *)name, (uint8_t *)value, sizeof name - 1, sizeof value - 1, \
   NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE}

static int began(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  (void)user;
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  Stream *stream = malloc(sizeof *stream);
  stream->received = stream->length = stream->sent = 0;
  nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
  return 0;
}

static int data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                size_t length, void *user) {
  (void)flags, (void)user;
  Stream *stream = nghttp2_session_get_stream_user_data(session, id);
  if (stream && stream->received + length <= MESSAGE) {
    memcpy(stream->in + stream->received, bytes, length);
    stream->received += length;
  }
  return 0;
}

static ssize_t give(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t room,
                    uint32_t *flags, nghttp2_data_source *source, void *user) {
  (void)user;
  Stream *stream = source->ptr;
  size_t count = stream->length - stream->sent;
  if (count > room) count = room;
  memcpy(buffer, stream->out + stream->sent, count);
  stream->sent += count;
  if (stream->sent == stream->length) {
    static const nghttp2_nv trailers[] = {FIELD("grpc-status", "0")};
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, id, trailers, 1);
  }
  return (ssize_t)count;
}

// HelloRequest and HelloReply both hold one string, number 1: two bytes and the text, as long as
// that is shorter than 122 bytes.
static void answer(nghttp2_session *session, int32_t id, Stream *stream) {
  static const nghttp2_nv headers[] = {
      FIELD(":status", "200"), FIELD("content-type", "application/grpc")};
  size_t head = PREFIX + 2, name = stream->received > head ? stream->received - head : 0;
  uint8_t *out = stream->out;
  memset(out, 0, PREFIX - 1);
  out[4] = (uint8_t)(2 + 6 + name);
  out[5] = 1 << 3 | 2;
  out[6] = (uint8_t)(6 + name);
  memcpy(out + head, "Hello ", 6);
  memcpy(out + head + 6, stream->in + head, name);
  stream->length = head + 6 + name;
  nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = give};
  nghttp2_submit_response(session, id, headers, 2, &provider);
}

static int received(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  (void)user;
  if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
  if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
  Stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  if (stream) answer(session, frame->hd.stream_id, stream);
  return 0;
}

static int closed(nghttp2_session *session, int32_t id, uint32_t code, void *user) {
  (void)code, (void)user;
  free(nghttp2_session_get_stream_user_data(session, id));
  return 0;
}

// Writes until nothing is left (0), the socket is full (0) or broken (-1).
static int flush(Connection *connection) {
  for (;;) {
    while (connection->sent < connection->length) {
      ssize_t count = write(connection->fd, connection->out + connection->sent,
                            connection->length - connection->sent);
      if (count < 0) return errno == EAGAIN ? 0 : -1;
      connection->sent += (size_t)count;
    }
    connection->length = connection->sent = 0;
    while (connection->length < OUTPUT - FRAME) {
      const uint8_t *bytes;
      ssize_t count = nghttp2_session_mem_send(connection->session, &bytes);
      if (count < 0) return -1;
      if (count == 0) break;
      memcpy(connection->out + connection->length, bytes, (size_t)count);
      connection->length += (size_t)count;
    }
    if (connection->length == 0) return 0;
  }
}

static int serve(Connection *connection) {
  static uint8_t buffer[OUTPUT];
  for (;;) {
    ssize_t count = read(connection->fd, buffer, sizeof buffer);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return -1;
    if (count < 0) break;
    if (nghttp2_session_mem_recv(connection->session, buffer, (size_t)count) < 0) return -1;
    if (count < (ssize_t)sizeof buffer) break;
  }
  return flush(connection);
}

static void accept_all(int poll, int listener, const nghttp2_session_callbacks *callbacks) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *connection = calloc(1, sizeof *connection);
    connection->fd = fd;
    nghttp2_session_server_new(&connection->session, callbacks, connection);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 1);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024) ||
      getsockname(listener, (void *)&address, &length)) {
    perror("floor");
    exit(1);
  }
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(void) {
  int listener = listen_on_loopback(), poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN}, events[EVENTS];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  nghttp2_session_callbacks *callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, began);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, received);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
  for (;;) {
    int count = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      Connection *connection = events[i].data.ptr;
      if (!connection) {
        accept_all(poll, listener, callbacks);
      } else if (serve(connection)) {
        nghttp2_session_del(connection->session);
        close(connection->fd);
        free(connection);
      }
    }
  }
}
