// gRPC C++'s callback API, serving what tools/bench asks for. The service is registered as generated
// code would, so that the plugin of protoc is not needed.
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <iostream>
#include <string>

#include "helloworld.pb.h"

using helloworld::HelloReply;
using helloworld::HelloRequest;

class Greeter final : public grpc::Service {
 public:
  Greeter() {
    AddMethod(new grpc::internal::RpcServiceMethod(
        "/helloworld.Greeter/SayHello", grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodCallback(
        0, new grpc::internal::CallbackUnaryHandler<HelloRequest, HelloReply>(
               [](grpc::CallbackServerContext* context, const HelloRequest* request,
                  HelloReply* reply) {
                 reply->set_message("Hello " + request->name());
                 auto* reactor = context->DefaultReactor();
                 reactor->Finish(grpc::Status::OK);
                 return reactor;
               }));
  }
};

int main() {
  Greeter greeter;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&greeter);
  auto server = builder.BuildAndStart();
  std::cout << "listening on 127.0.0.1:" << port << std::endl;
  server->Wait();
}
