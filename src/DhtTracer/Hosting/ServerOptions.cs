using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Ingestion.Kubo;

namespace DhtTracer.Hosting;

/// <summary>What the main process serves, and where.</summary>
internal sealed record ServerOptions
{
    /// <summary>Folder of the database.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Address that every port binds; loopback unless the user says otherwise.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>Names, beside those of this machine, that the ports answer; <c>*</c> for any.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Number of each port; null switches it off, 0 takes a free one.</summary>
    public required IReadOnlyDictionary<PortKind, int?> Ports { get; init; }

    /// <summary>Load the files of <c>samples/</c> at the start.</summary>
    public bool LoadSamples { get; init; }

    /// <summary>Origins, beside the site's own, whose pages may call the receivers and the query API; <c>*</c> for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Jaeger servers to pull from in the background.</summary>
    public IReadOnlyList<PullSource> PullSources { get; init; } = [];

    /// <summary>Services to pull from sources that name none of their own; empty for all.</summary>
    public IReadOnlyList<string> PullServices { get; init; } = [];

    /// <summary>How far back the first pull of a source reaches.</summary>
    public TimeSpan PullSince { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Control server of the node that the page Run uses; null for a node of this machine on its usual port.</summary>
    public Uri? Node { get; init; }

    /// <summary>The running Kubo that the page Run may use, which the host disposes of; null for none.</summary>
    public KuboRpcClient? Kubo { get; init; }

    /// <summary>OTLP endpoint that takes spans of the program's own work; null for none.</summary>
    public Uri? OwnTraces { get; init; }

    /// <summary>Traces older than this are deleted; null keeps everything.</summary>
    public TimeSpan? Keep { get; init; }
}
