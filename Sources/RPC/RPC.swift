// gRPC without a network.
