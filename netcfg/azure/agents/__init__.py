"""The machines that agents run on: scale sets and Managed DevOps Pools."""
