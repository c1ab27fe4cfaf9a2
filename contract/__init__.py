"""What holds the sandbox and the client against Pleo's own documents: `make contract`, docs/contract.md."""
