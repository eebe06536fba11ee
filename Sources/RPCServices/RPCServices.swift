// Services that every gRPC server has.
