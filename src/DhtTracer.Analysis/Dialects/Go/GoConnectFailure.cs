using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>Why go-libp2p could not connect to a provider, from the text of its error.</summary>
internal static class GoConnectFailure
{
    // The first match decides. "failed to dial: … all dials failed\n  * [/ip4/…] dial tcp4 …: connect: connection refused"
    private static readonly (string Part, ProviderFailure Failure)[] Failures =
    [
        ("peer id mismatch", ProviderFailure.WrongPeer),
        ("no transport for protocol", ProviderFailure.NoTransport),
        ("connection refused", ProviderFailure.Dead),
        ("i/o timeout", ProviderFailure.Timeout),
        ("deadline exceeded", ProviderFailure.Timeout),
        ("timed out", ProviderFailure.Timeout),
        ("no recent network activity", ProviderFailure.Timeout),
        ("routing: not found", ProviderFailure.NoAddress),
        ("no addresses", ProviderFailure.NoAddress),
        ("no route to host", ProviderFailure.NoRoute),
        ("network is unreachable", ProviderFailure.NoRoute),
        ("no good addresses", ProviderFailure.NoTransport),
    ];

    /// <summary>The reason in the text of an error; null for no text.</summary>
    public static ProviderFailure Of(string? text)
    {
        if (IsOfRelays(text ?? ""))
        {
            return ProviderFailure.Relay;
        }

        foreach (var (part, failure) in Failures)
        {
            if (text?.Contains(part, StringComparison.OrdinalIgnoreCase) == true)
            {
                return failure;
            }
        }

        return ProviderFailure.Other;
    }

    /// <summary>
    /// Whether every address that was dialed leads through a relay. There is a line for each: <c>  * [/ip4/…/p2p-circuit] error opening
    /// relay circuit: NO_RESERVATION (204)</c>. When the relay itself could not be dialed, its addresses follow after <c>all dials
    /// failed</c>.
    /// </summary>
    private static bool IsOfRelays(string text)
    {
        var (relays, ofRelay) = (0, false);
        foreach (var line in text.Split('\n').Where(static line => line.StartsWith("  * [", StringComparison.Ordinal)))
        {
            if (line.Contains("/p2p-circuit]", StringComparison.Ordinal))
            {
                relays++;
                ofRelay = line.EndsWith("all dials failed", StringComparison.Ordinal);
            }
            else if (!ofRelay)
            {
                return false;
            }
        }

        return relays > 0;
    }
}
