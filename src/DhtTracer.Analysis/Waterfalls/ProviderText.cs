using DhtTracer.Analysis.Model;

namespace DhtTracer.Analysis.Waterfalls;

/// <summary>What became of found providers, in words.</summary>
public static class ProviderText
{
    /// <summary>How far one provider got: <c>dead, after 188ms</c>.</summary>
    public static string Of(ProviderFate provider) =>
        // Its own answer says more than that no connected peer had the block.
        Step(provider.Answer == ProviderAnswer.DontHave ? provider with { Step = ProviderStep.Connected } : provider)
        + Answer(provider.Answer);

    private static string Step(ProviderFate provider) =>
        provider.Step switch
        {
            ProviderStep.Connected => "connected" + After(provider),
            ProviderStep.WithoutBlock => "connected" + After(provider) + ", without the block",
            ProviderStep.Failed => Of(provider.Failure ?? ProviderFailure.Other) + After(provider),
            ProviderStep.FailedUnsaid => "connect failed, its error is lost: the block came first",
            _ => "unknown: the request ended first",
        };

    /// <summary>A failure in words.</summary>
    public static string Of(ProviderFailure failure) =>
        failure switch
        {
            ProviderFailure.Dead => "dead (connection refused)",
            ProviderFailure.Timeout => "no answer in time",
            ProviderFailure.NoAddress => "without an address",
            ProviderFailure.Relay => "its relay does not forward",
            ProviderFailure.WrongPeer => "another peer answers there",
            ProviderFailure.NoTransport => "no common transport",
            ProviderFailure.NoRoute => "no route",
            _ => "connect failed",
        };

    /// <summary>A request in one sentence: <c>The block came after 14ms. 2 providers: 1 connected, 1 failed.</c></summary>
    public static string Of(ProviderFates fates)
    {
        var block = fates.Block switch
        {
            BlockArrival.Came => $"The block came {DurationText.Of(fates.BlockNs)} after the search for providers began.",
            BlockArrival.None => "The block did not come.",
            _ => "The trace does not show whether the block came.",
        };
        var parts = fates
            .Providers.GroupBy(static provider => Word(provider.Step))
            .OrderBy(static group => group.Key, StringComparer.Ordinal)
            .Select(static group => $"{group.Count()} {group.Key}");
        return fates.Providers.Length switch
        {
            0 => $"{block} No provider was found.",
            1 => $"{block} 1 provider: {Word(fates.Providers[0].Step)}.",
            var count => $"{block} {count} providers: {string.Join(", ", parts)}.",
        };
    }

    /// <summary>A step in a word or two.</summary>
    public static string Word(ProviderStep step) =>
        step switch
        {
            ProviderStep.Connected => "connected",
            ProviderStep.WithoutBlock => "connected without the block",
            ProviderStep.Failed or ProviderStep.FailedUnsaid => "failed",
            _ => "unknown",
        };

    private static string Answer(ProviderAnswer? answer) =>
        answer switch
        {
            ProviderAnswer.Block => "; it sent the block",
            ProviderAnswer.Have => "; it has the block and did not send it",
            ProviderAnswer.DontHave => "; it answered that it does not have the block",
            _ => "",
        };

    private static string After(ProviderFate provider) => provider.ConnectNs is { } took ? $", after {DurationText.Of(took)}" : "";
}
