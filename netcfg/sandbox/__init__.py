"""The sandbox: Azure Resource Manager, Azure DevOps and the publishers of address ranges, on 127.0.0.1.

It imports nothing of `netcfg` outside this package, because an emulator that shares our types agrees with our mistakes.
Where Azure leaves a choice it makes the one that a client would not expect.
"""
