using System.Net;
using DhtTracer.Cli;
using DhtTracer.Ingestion;
using DhtTracer.Storage;
using DhtTracer.Web;
using DhtTracer.Web.Samples;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DhtTracer.Hosting;

/// <summary>The main process: one store, one analysis worker, and a listener for each port.</summary>
internal sealed class TracerHost : IAsyncDisposable
{
    private readonly ServerOptions options;
    private readonly TraceStore store;
    private readonly TextWriter output;
    private readonly List<IListener> listeners = [];

    private TracerHost(ServerOptions options, TraceStore store, TextWriter output)
    {
        this.options = options;
        this.store = store;
        this.output = output;
    }
}
