using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Web.Charts;

namespace DhtTracer.Web.Pages.OperationDetails;

/// <summary>What became of the providers of a block request, on one time axis from the start of the search.</summary>
internal sealed class FatesView
{
    /// <summary>Greatest number of rows.</summary>
    public const int MostRows = 100;

    /// <summary>Lays the providers out.</summary>
    public FatesView(ProviderFates fates)
    {
        Fates = fates;
        Rows = [.. fates.Providers.Take(MostRows)];
        var end = Math.Max(fates.BlockNs ?? 0, fates.EndNs ?? 0);
        foreach (var provider in Rows)
        {
            end = Math.Max(end, End(provider) ?? 0);
        }

        end = Math.Clamp(end, 1, long.MaxValue / 4);
        Window = new TimeWindow(0, end + (end / 20));
    }

    public ProviderFates Fates { get; }

    /// <summary>The providers that are drawn, in the order found.</summary>
    public ImmutableArray<ProviderFate> Rows { get; }

    /// <summary>Whether the daemon's log tells something of this request.</summary>
    public bool HasLog => Fates.SentBy is not null || Fates.Providers.Any(static provider => provider.Answer is not null);

    /// <summary>Whether the peer that sent the block is one of the providers.</summary>
    public bool SenderIsProvider => Fates.Providers.Any(provider => provider.Peer == Fates.SentBy);

    /// <summary>The time that is drawn.</summary>
    public TimeWindow Window { get; }

    /// <summary>A time as percent of the width.</summary>
    public string X(long ns) => Plot.Percent(Math.Clamp(Window.Percent(ns), 0, 100));

    /// <summary>The connect of a provider as percent of the width, at least a hair; null when its start or end is unknown.</summary>
    public (string X, string Width)? Connect(ProviderFate provider)
    {
        // Of a failure whose message was lost only the beginning is known, and of an unknown end nothing is drawn.
        if (provider.FoundNs is not { } from || (provider.ConnectedNs ?? provider.FailedNs) is not { } to || to < from)
        {
            return null;
        }

        return (X(from), Plot.Percent(Math.Clamp(100.0 * (to - from) / Window.LengthNs, 0.2, 100)));
    }

    /// <summary>The class that colours a connect.</summary>
    public static string Class(ProviderStep step) =>
        step switch
        {
            ProviderStep.Connected => "ok",
            ProviderStep.WithoutBlock => "without",
            ProviderStep.Failed or ProviderStep.FailedUnsaid => "bad",
            _ => "unknown",
        };

    private static long? End(ProviderFate provider) =>
        provider.ConnectedNs ?? provider.FailedNs ?? provider.AddressLookupNs ?? provider.FoundNs ?? provider.NamedNs;
}
