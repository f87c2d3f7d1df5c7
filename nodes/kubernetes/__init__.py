"""Nodes in the pods of a Kubernetes cluster. See `nodes.Kubernetes`, and docs/kubernetes.md for its platform's side."""
