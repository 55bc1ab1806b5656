"""Learning with hindsight: the gradient of cost through sampled demand."""
