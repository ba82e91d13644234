using System.Net;
using DhtTracer.Hosting.Ports;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Web.Access;
using DhtTracer.Web.Alarms;

namespace DhtTracer.Hosting;

/// <summary>Options of the main process.</summary>
internal sealed record ServerOptions
{
    /// <summary>Folder of the database.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Address that every port binds; loopback by default.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>Whether everyone who reaches the ports may use them, whatever address they bind.</summary>
    public bool Insecure { get; init; }

    /// <summary>Whether keys and a login are required on loopback, too.</summary>
    public bool Login { get; init; }

    /// <summary>File of the keys; null for one in the data directory.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Names of ports that take requests without a key although others need one, see <see cref="Port.Name"/>.</summary>
    public IReadOnlyList<string> OpenWithoutKey { get; init; } = [];

    /// <summary>How long a login lasts without a request.</summary>
    public TimeSpan Session { get; init; } = new AccessRules().Session;

    /// <summary>Requests a second of one ingest key.</summary>
    public int IngestRate { get; init; } = new AccessRules().IngestRate;

    /// <summary>Requests a second of one reader or operator.</summary>
    public int SiteRate { get; init; } = new AccessRules().SiteRate;

    /// <summary>Requests to the login of one address in a minute.</summary>
    public int LoginTries { get; init; } = new AccessRules().LoginTries;

    /// <summary>Login by an OpenID Connect provider; null for none.</summary>
    public OpenIdRules? OpenId { get; init; }

    /// <summary>PEM files of the certificate and its key; null without TLS.</summary>
    public (string Certificate, string Key)? TlsFiles { get; init; }

    /// <summary>Addresses under which users reach the ports through a proxy. Their hosts are accepted, too.</summary>
    public IReadOnlyList<Uri> PublicUrls { get; init; } = [];

    /// <summary>Proxies whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public IReadOnlyList<IPNetwork> Proxies { get; init; } = [];

    /// <summary>Host names that the ports accept, besides those of this machine; <c>*</c> for any.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = [];

    /// <summary>Number of each port; null turns it off, 0 uses a free port.</summary>
    public required IReadOnlyDictionary<PortKind, int?> Ports { get; init; }

    /// <summary>Whether to load the files of <c>samples/</c> at the start.</summary>
    public bool LoadSamples { get; init; }

    /// <summary>Origins whose pages may call the receivers and the query API, besides the site's own; <c>*</c> for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Jaeger servers to pull from in the background.</summary>
    public IReadOnlyList<PullSource> PullSources { get; init; } = [];

    /// <summary>Services to pull from sources without services of their own; empty for all.</summary>
    public IReadOnlyList<string> PullServices { get; init; } = [];

    /// <summary>How far back the first pull of a source goes.</summary>
    public TimeSpan PullSince { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long after their start traces may arrive at a Jaeger and still be pulled; null for <see cref="PullSince"/>.</summary>
    public TimeSpan? PullLate { get; init; }

    /// <summary>Certificates and credentials for the Jaegers.</summary>
    public JaegerAccess PullAccess { get; init; } = new();

    /// <summary>Control server of the node for the page Run; null for a node on this machine's default port.</summary>
    public Uri? Node { get; init; }

    /// <summary>The running Kubo for the page Run; the host disposes it. Null for none.</summary>
    public KuboRpcClient? Kubo { get; init; }

    /// <summary>OTLP endpoint for traces of the program's own work; null for none.</summary>
    public Uri? OwnTraces { get; init; }

    /// <summary>Where alarms are sent.</summary>
    public AlarmOptions Alarms { get; init; } = AlarmOptions.None;

    /// <summary>How long traces are kept; null sets no limit.</summary>
    public TimeSpan? Keep { get; init; }

    /// <summary>How many bytes the archive may need; null sets no limit.</summary>
    public long? KeepBytes { get; init; }
}
